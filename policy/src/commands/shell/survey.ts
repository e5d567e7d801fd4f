import { forEachChild, type ParsedScript, type SyntaxNode, type Word } from 'unbash';
import { bounds } from '../analyze/bounds.ts';
import type { Finder, ScriptFacts } from '../analyze/finder.ts';
import { isNumber } from './variables.ts';

/** Facts about a whole syntax tree, collected before its commands are analyzed. */
export interface Survey {
  readonly errors: boolean;
  /** The bound that the tree exceeds, if any. */
  readonly over: string | undefined;
  /** Syntax that shells other than bash read otherwise. */
  readonly bashOnly: string | undefined;
  readonly assigned: ReadonlySet<string>;
  /** Anything may be assigned: it evaluates text, or starts what is not known. */
  readonly anything: boolean;
  readonly numeric: ReadonlySet<string>;
  readonly arrays: ReadonlySet<string>;
  readonly traps: boolean;
  readonly unsets: boolean;
  /** An expansion in it may fail, at which bash goes on with the next line. */
  readonly breaks: boolean;
  /** It closes descriptors, or bounds how many there are. */
  readonly closes: boolean;
  /** Functions that it defines anywhere. */
  readonly functions: ReadonlySet<string>;
  /** The arguments of the script may become others. */
  readonly shifts: boolean;
}

interface Notes {
  errors: boolean;
  over: string | undefined;
  bashOnly: string | undefined;
  assigned: Set<string>;
  given: Set<string>;
  text: Set<string>;
  arrays: Set<string>;
  anything: boolean;
  traps: boolean;
  unsets: boolean;
  breaks: boolean;
  closes: boolean;
  functions: Set<string>;
  shifts: boolean;
}

const evaluates = new Set(
  'eval . source trap read mapfile readarray getopts let unset shopt alias builtin enable jobs command exec'.split(' '),
);
const declares = new Set('declare typeset local readonly export'.split(' '));
const fills = new Set('mapfile readarray read'.split(' '));
const makesArray = (word: string): boolean => /^-[a-zA-Z]*[aA]/.test(word);

/** Looks over a tree. It counts its nodes against the bound, so that what follows may walk the tree freely. */
export function survey(root: ParsedScript | SyntaxNode, finder: Finder): Survey {
  const notes: Notes = {
    errors: false,
    over: undefined,
    bashOnly: undefined,
    assigned: new Set(),
    given: new Set(),
    text: new Set(),
    arrays: new Set(),
    anything: false,
    traps: false,
    unsets: false,
    breaks: false,
    closes: false,
    functions: new Set(),
    shifts: false,
  };
  const visit = (node: SyntaxNode, depth: number): void => {
    if (notes.over !== undefined) return;
    finder.nodes += 1;
    if (finder.nodes > bounds.nodes) notes.over = `it has more than ${bounds.nodes} nodes`;
    else if (depth > bounds.tree) notes.over = `it is nested more than ${bounds.tree} levels deep`;
    else {
      inspect(node, notes);
      forEachChild(node, (child) => visit(child, depth + 1));
    }
  };
  visit(root as SyntaxNode, 0);
  const numeric = new Set([...notes.given].filter((name) => !notes.text.has(name) && !notes.anything));
  return { ...notes, numeric };
}

function inspect(node: SyntaxNode, notes: Notes): void {
  if ('errors' in node && node.errors && node.errors.length > 0) notes.errors = true;
  notes.bashOnly ??= bashOnly(node);
  notes.breaks ||= breaks(node);
  switch (node.type) {
    case 'Assignment':
      notes.assigned.add(node.name);
      notes.given.add(node.name);
      if (!hasNumber(node) || node.index) notes.text.add(node.name);
      if (node.index || node.value.type === 'ArrayValue') notes.arrays.add(node.name);
      return;
    case 'For':
    case 'Select':
      notes.assigned.add(node.name.value);
      notes.given.add(node.name.value);
      if (node.type === 'Select' || !node.wordlist?.every((word) => !word.parts && isNumber(word.value)))
        notes.text.add(node.name.value);
      return;
    case 'ArithmeticBinary':
      if (node.operator === '=' && node.left.type === 'ArithmeticWord') notes.given.add(node.left.value);
      return;
    case 'ArithmeticWord':
      for (const name of node.value.match(/[A-Za-z_]\w*/g) ?? []) notes.assigned.add(name);
      return;
    case 'ParameterExpansion':
      notes.assigned.add(node.parameter);
      if (node.operation?.type === 'Default') notes.text.add(node.parameter);
      return;
    case 'Redirect':
      if (node.descriptor?.type === 'FileDescriptorVariable') notes.assigned.add(node.descriptor.name);
      if (node.operator.includes('&') && !/^[0-9]+$/.test(node.target?.value ?? '')) notes.closes = true;
      return;
    case 'Function':
      notes.functions.add(node.name.value);
      return;
    case 'Command':
      inspectCommand(node, notes);
  }
}

// Division by zero, invalid digits, negative lengths, and assignments to something that is not a variable.
function breaks(node: SyntaxNode): boolean {
  switch (node.type) {
    case 'ArithmeticExpansion':
      return /[/%#=]|\*\*|\+\+|--|\b0[0-9]/.test(node.text);
    case 'Slice':
      return ![node.offset, ...(node.length ? [node.length] : [])].every(({ text }) => /^\s*(0|[1-9][0-9]*)$/.test(text));
    case 'Assignment':
      return node.index !== undefined && !/^(0|[1-9][0-9]*)$/.test(node.index.text);
    default:
      return false;
  }
}

function inspectCommand(node: Extract<SyntaxNode, { type: 'Command' }>, notes: Notes): void {
  if (node.name === undefined) return;
  const name = node.name.value;
  const words = [name, ...node.args.map((word) => (word.type === 'Word' ? word.value : word.name))];
  if (words.some((word) => declares.has(word) || fills.has(word)) && (fills.has(name) || words.some(makesArray)))
    for (const word of words) notes.arrays.add(word.replace(/\+?=.*$/s, ''));
  if (!isPlain(node.name) || (evaluates.has(name) && !isIdle(name, words[1]))) notes.anything = true;
  const [first] = node.args;
  if (name === 'printf' && first && (first.type !== 'Word' || !isPlain(first) || words.some((word) => /^-|%[^%]*n/.test(word))))
    notes.anything = true;
  if (declares.has(name) && node.args.some((word) => word.type === 'Word' && !isPlain(word))) notes.anything = true;
  if (declares.has(name)) for (const word of words.slice(1)) if (word.includes('=')) inspectText(word, notes);
  if (name === 'trap' || name === 'eval' || name === '.' || name === 'source') notes.traps = true;
  if (words.includes('ulimit')) notes.closes = true;
  if (name === 'set' || name === 'shift' || name === 'command' || name === 'builtin') notes.shifts = true;
  if (name === 'unset' || name === 'eval' || name === 'builtin' || name === 'command') notes.unsets = true;
}

// What a word that is not an assignment to the parser sets all the same.
function inspectText(word: string, notes: Notes): void {
  const name = word.replace(/\+?=.*$/s, '');
  notes.assigned.add(name);
  notes.text.add(name);
}

// exec without a command only redirects, and command only tells where one is.
const isIdle = (name: string, first: string | undefined): boolean =>
  (name === 'exec' && first === undefined) || (name === 'command' && /^-[vV]$/.test(first ?? ''));

function isPlain(word: Word): boolean {
  return (word.parts ?? []).every((part) => {
    if (part.type === 'DoubleQuoted') return part.parts.every((inner) => inner.type === 'Literal');
    return part.type === 'Literal' || part.type === 'SingleQuoted';
  });
}

function hasNumber(node: Extract<SyntaxNode, { type: 'Assignment' }>): boolean {
  const value = node.value;
  if (value.type === 'ArrayValue') return false;
  if (!value.parts) return isNumber(value.value) && !(node.append && value.value.startsWith('-'));
  return !node.append && value.parts.length === 1 && value.parts[0]?.type === 'ArithmeticExpansion';
}

const bashNodes: Readonly<Record<string, string>> = {
  AnsiCQuoted: "$'…'",
  LocaleString: '$"…"',
  BraceExpansion: 'a brace expansion',
  ExtendedGlob: 'an extended pattern',
  ProcessSubstitution: 'a process substitution',
  TestCommand: '[[ … ]]',
  ArithmeticCommand: '(( … ))',
  ArithmeticFor: 'for (( … ))',
  ArrayValue: 'an array',
  Coproc: 'coproc',
  Select: 'select',
  HereString: '<<<',
};

function bashOnly(node: SyntaxNode): string | undefined {
  const named = bashNodes[node.type];
  if (named !== undefined) return named;
  if (node.type === 'Redirect') {
    if (node.operator === '&>' || node.operator === '&>>') return node.operator;
    if (node.operator === '>&' && !/^([0-9]+|-)$/.test(node.target?.value ?? '')) return '>& with a file';
    if (node.descriptor?.type === 'FileDescriptorVariable') return '{name}>';
    if (node.descriptor && node.descriptor.end - node.descriptor.pos > 1) return 'a file descriptor of two digits';
  }
  if (node.type === 'Pipeline' && (node.operators.includes('|&') || node.prefixes.some(({ type }) => type === 'Time')))
    return '|& or time';
  if (node.type === 'CaseItem' && (node.terminator === ';&' || node.terminator === ';;&')) return node.terminator;
  if (node.type === 'Assignment' && (node.append || node.index || node.value.type === 'ArrayValue')) return 'an array or +=';
  if (node.type === 'Function' && !/^[A-Za-z_]\w*$/.test(node.name.value)) return 'a name of a function';
  if (node.type === 'CommandExpansion' && /^\$\{/.test(node.text)) return '${ …; }';
  return undefined;
}

/** What a script's facts are, out of a survey of it. */
export const factsOf = (found: Survey, dialect: ScriptFacts['dialect']): ScriptFacts => ({
  dialect,
  numeric: found.numeric,
  arrays: new Set(found.arrays),
  blind: found.traps,
  resets: found.traps,
  forgetful: found.unsets,
  closes: found.closes,
  callsBack: found.functions,
});
