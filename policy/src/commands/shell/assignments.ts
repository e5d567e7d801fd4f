import type { Word as ShellWord, SyntaxNode } from 'unbash';
import { note, type Place } from '../analyze/finder.ts';
import { expandValue, readIndex, readNested } from './expand.ts';
import type { Word } from './words.ts';

type AssignmentNode = Extract<SyntaxNode, { type: 'Assignment' }>;

// Inside of a list a subscript is evaluated as any other is, but is written as a part of a word.
function readSubscript(element: ShellWord, place: Place): void {
  if (element.text.startsWith('[') && element.text.includes('=') && !/^\[-?[0-9]+\]\+?=/.test(element.text))
    note(place, 'Opaque', element.text, 'a subscript is evaluated as arithmetic, and is not certain to be a number');
}

/**
 * Analyzes an assignment; returns its value, or undefined if that is not certain. Subscripts in a list of an associative array (`keyed`)
 * are text.
 */
export function valueOfAssignment(node: AssignmentNode, place: Place, keyed = false): string | undefined {
  if (node.index) {
    readNested(node.index, place);
    readIndex(node.index, place);
  }
  if (node.value.type === 'ArrayValue') {
    readNested(node.value, place);
    if (!keyed) for (const element of node.value.elements) readSubscript(element, place);
    return undefined;
  }
  const value = expandValue(node.value, place);
  return node.append || node.index ? undefined : value;
}

/** Analyzes an argument of export and the like: it is one word, whatever it holds. */
export function assignmentWord(node: AssignmentNode, place: Place, keyed: boolean): Word {
  const value = valueOfAssignment(node, place, keyed);
  const name = node.text.slice(0, node.text.indexOf('='));
  if (value === undefined) return { source: node.text, prefix: /[^\w+]/.test(name) ? '' : `${name}=`, many: false };
  return `${name}=${value}`;
}

/** Whether an option declares an associative array, whose keys are text. */
export const makesKeys = (word: Word): boolean => typeof word === 'string' && /^-[a-zA-Z]*A/.test(word);
