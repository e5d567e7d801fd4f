import { type ArithmeticExpression, forEachChild, type Word as ShellWord, type SyntaxNode, type WordPart } from 'unbash';
import { copyScope, note, type Place } from '../analyze/finder.ts';
import { assign, assignNumber } from './variables.ts';
import { anyNumber, literal, unknown, type Word } from './words.ts';

/** Expands a shell word into words. Commands inside it are analyzed as well. */
export function expandWord(word: ShellWord, place: Place): Word[] {
  readNested(word, place);
  const { parts } = word;
  if (word.text.startsWith('~')) return [unknown(word.text)];
  if (!parts) return [word.value];
  const all = wholeArguments(parts, place);
  if (all) return [...all];
  let text = '';
  let certain = true;
  let many = false;
  for (const part of parts) {
    const value = partValue(part, place, false);
    if (typeof value === 'string') {
      if (certain) text += value;
    } else {
      if (certain) text += value.prefix;
      certain = false;
      many ||= value.many;
    }
  }
  if (certain) return [text];
  return [many ? anyNumber(word.text, text) : unknown(word.text, text)];
}

/** The value of a word if nothing is split, as in an assignment. */
export function expandValue(word: ShellWord, place: Place): string | undefined {
  readNested(word, place);
  if (word.text.includes('~') && !word.text.startsWith("'") && !word.text.startsWith('"')) return undefined;
  if (!word.parts) return word.value;
  let text = '';
  for (const part of word.parts) {
    // Patterns and braces are not expanded here, but how they are written says less than it seems to.
    const value = partValue(part, place, true);
    if (typeof value !== 'string') return undefined;
    text += value;
  }
  return text;
}

// "$@" as a separate word stands for all arguments.
function wholeArguments(parts: readonly WordPart[], place: Place): readonly Word[] | undefined {
  const [part] = parts;
  if (parts.length !== 1 || part?.type !== 'DoubleQuoted' || part.parts.length !== 1) return undefined;
  const text = part.parts[0]?.text;
  return text === '$@' || text === '${@}' ? positionalOf(place)?.slice(1) : undefined;
}

const positionalOf = ({ scope }: Place) => (scope?.script.resets ? undefined : scope?.positional);

type Value = string | { readonly prefix: string; readonly many: boolean };

function partValue(part: WordPart, place: Place, quoted: boolean): Value {
  const hidden: Value = { prefix: '', many: !quoted };
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return part.value;
    case 'AnsiCQuoted':
      // Bytes and characters are not the same there, and a NUL ends it.
      return /^[\u0001-\u007f]*$/.test(part.value) ? part.value : { prefix: '', many: false };
    case 'DoubleQuoted':
    case 'LocaleString': {
      let text = '';
      let certain = part.type === 'DoubleQuoted';
      let many = false;
      for (const inner of part.parts) {
        const value = partValue(inner, place, true);
        if (typeof value === 'string') {
          if (certain) text += value;
        } else {
          if (certain) text += value.prefix;
          certain = false;
          many ||= value.many;
        }
      }
      return certain ? text : { prefix: text, many };
    }
    case 'SimpleExpansion':
      return variable(part.text.slice(1), place, quoted);
    case 'ParameterExpansion':
      if (part.prefix || part.index || part.operation)
        return { prefix: '', many: !quoted || part.index?.value === '@' || /^[@*]$/.test(part.parameter) || part.prefix === '!' };
      return variable(part.parameter, place, quoted);
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
      return { prefix: '', many: false };
    default:
      return hidden;
  }
}

const unsplit = /^[A-Za-z0-9_./:=@%+,-]+$/;

function variable(name: string, place: Place, quoted: boolean): Value {
  const hidden: Value = { prefix: '', many: !quoted || name === '@' };
  const { scope } = place;
  if (!scope) return hidden;
  let value: string | undefined;
  if (/^[0-9]+$/.test(name)) {
    const before = positionalOf(place)?.slice(0, Number(name) + 1);
    const word = before?.at(Number(name));
    if (!before || before.some((one) => typeof one === 'object' && one.many)) return hidden;
    value = word === undefined ? '' : literal(word);
  } else if (!scope.script.blind && !scope.uncertain) {
    value = scope.values.get(name);
  }
  if (value === undefined) return hidden;
  return quoted || unsplit.test(value) ? value : hidden;
}

/** Analyzes the commands inside a word, an index, a here-document or an arithmetic expression, and what these evaluate. */
export function readNested(node: SyntaxNode, place: Place, quoted = false): void {
  switch (node.type) {
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      if (quoted && /[$`]/.test(node.text.slice(1)))
        note(place, 'Opaque', node.text, 'quotes inside quotes do not prevent expansion');
      return;
    case 'LocaleString':
      note(place, 'Opaque', node.text, 'it is translated, and the translation is expanded');
      break;
    case 'CommandExpansion':
    case 'ProcessSubstitution':
    case 'ArithmeticCommandExpansion':
      if (!node.script) note(place, 'Opaque', node.text, 'it cannot be parsed');
      else
        place.analyzer.readTree(node.script, { ...place, depth: place.depth + 1, scope: place.scope && copyScope(place.scope) });
      // `${ cmd; }` runs in the shell itself.
      if (node.text.startsWith('${')) place.scope?.values.clear();
      return;
    case 'ArithmeticExpansion':
      readArithmetic(node.expression, node.text, place);
      return;
    case 'ParameterExpansion':
      readParameter(node, place);
      break;
    case 'BraceExpansion':
      // What it becomes is not looked into, so neither are its parts' values, only their commands.
      break;
  }
  const inside = quoted || node.type === 'DoubleQuoted' || node.type === 'HereDocBody' || node.type === 'LocaleString';
  forEachChild(node, (child) => readNested(child, place, inside));
}

function readParameter(node: Extract<WordPart, { type: 'ParameterExpansion' }>, place: Place): void {
  const { operation, index } = node;
  if (node.prefix === '!' && operation?.type !== 'Names' && !/^[@*]$/.test(index?.value ?? ''))
    note(place, 'Opaque', node.text, 'its name comes from another variable, which is evaluated');
  if (operation?.type === 'Unknown') note(place, 'Opaque', node.text, 'it cannot be parsed');
  if (operation?.type === 'Transform') note(place, 'Opaque', node.text, 'it may evaluate the value of a variable');
  if (operation?.type === 'Default' && /=$/.test(operation.operator)) assign(place, node.parameter, undefined);
  if (operation?.type === 'Slice') {
    readIndex(operation.offset, place);
    if (operation.length) readIndex(operation.length, place);
  }
  if (index) readIndex(index, place);
}

/** Reads what is evaluated as a number: text that comes from elsewhere could hold commands there. */
export function readIndex(word: ShellWord, place: Place): void {
  if (/^\s*([@*]|-?[0-9]+)\s*$/.test(word.value)) return;
  if (!word.parts && /^\s*[A-Za-z_]\w*\s*$/.test(word.value) && isNumeric(word.value.trim(), place)) return;
  const only = word.parts?.length === 1 ? word.parts[0] : undefined;
  if (only && isNumericPart(only, place)) return;
  note(place, 'Opaque', word.text, 'it is evaluated as arithmetic, and its value is not certain to be a number');
}

/** Reads an arithmetic expression. */
export function readArithmetic(expression: ArithmeticExpression | undefined, text: string, place: Place): void {
  if (!expression) {
    if (/[^\s()$]/.test(text)) note(place, 'Opaque', text, 'its arithmetic cannot be parsed');
    return;
  }
  const fault = arithmeticFault(expression, place);
  if (fault) note(place, 'Opaque', text, `arithmetic evaluates ${fault}, which is not certain to be a number`);
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'ArithmeticWord')
      for (const name of node.value.match(/[A-Za-z_]\w*/g) ?? []) place.scope?.values.delete(name);
    if (
      node.type === 'ArithmeticBinary' &&
      /=$/.test(node.operator) &&
      !/^(==|!=|<=|>=)$/.test(node.operator) &&
      node.left.type === 'ArithmeticWord'
    )
      assignNumber(place, node.left.value.replace(/\[.*$/s, ''));
    forEachChild(node, visit);
  };
  visit(expression);
  readNested(expression, place);
}

function arithmeticFault(node: ArithmeticExpression, place: Place): string | undefined {
  switch (node.type) {
    case 'ArithmeticBinary':
      return arithmeticFault(node.left, place) ?? arithmeticFault(node.right, place);
    case 'ArithmeticUnary':
      return arithmeticFault(node.operand, place);
    case 'ArithmeticTernary':
      return (
        arithmeticFault(node.test, place) ?? arithmeticFault(node.consequent, place) ?? arithmeticFault(node.alternate, place)
      );
    case 'ArithmeticGroup':
      return arithmeticFault(node.expression, place);
    case 'ArithmeticCommandExpansion':
      return node.text;
    case 'ArithmeticWord': {
      const fine = node.parts
        ? areNumeric(node.parts, place) && !node.value.includes('[')
        : /^[0-9][0-9A-Za-z#@_]*$/.test(node.value) || isNumeric(node.value, place);
      return fine ? undefined : node.value;
    }
  }
}

// Parts that stand side by side become one word: a name and a number would be another name.
function areNumeric(parts: readonly WordPart[], place: Place): boolean {
  const flat = parts.flatMap((part): readonly WordPart[] => (part.type === 'DoubleQuoted' ? part.parts : [part]));
  return flat.every(
    (part) =>
      isNumericPart(part, place) &&
      (flat.length === 1 || !(part.type === 'Literal' || part.type === 'SingleQuoted') || /^[0-9]*$/.test(part.value)),
  );
}

function isNumericPart(part: WordPart, place: Place): boolean {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return /^[0-9]*$/.test(part.value) || isNumeric(part.value, place);
    case 'DoubleQuoted':
      return areNumeric(part.parts, place);
    case 'SimpleExpansion':
      return isNumeric(part.text.slice(1), place);
    case 'ParameterExpansion':
      return part.prefix === '#' || (!part.index && !part.operation && !part.prefix && isNumeric(part.parameter, place));
    case 'ArithmeticExpansion':
      return true;
    default:
      return false;
  }
}

// The environment cannot give these another value, and a script can give them none but a number without being noted.
const counters = /^(#|\?|\$|RANDOM|SRANDOM|SECONDS|LINENO|PPID|BASHPID|EPOCHSECONDS|SHLVL)$/;

function isNumeric(name: string, place: Place): boolean {
  if (counters.test(name)) return true;
  if (/^[0-9]+$/.test(name)) {
    const value = positionalOf(place)?.[Number(name)];
    return typeof value === 'string' && /^-?[0-9]+$/.test(value);
  }
  return place.scope?.script.numeric.has(name) === true && place.scope.given.has(name);
}
