import { JSONPath } from 'jsonpath-plus';
import { UsageError } from '../usage-error.ts';

/*
 * Templates of `kubectl -o jsonpath`: https://kubernetes.io/docs/reference/kubectl/jsonpath/. The template language (text, {"literals"},
 * {range} and {end}, keys with escaped dots) is read here; the paths are evaluated by jsonpath-plus, whose safe evaluator executes no code.
 */

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'range'; readonly path: string; readonly body: readonly Node[] };

/**
 * The values of a template as text, as kubectl prints them: several values of a path with a blank between them, objects as JSON, nothing for a
 * path that does not exist. Throws UsageError for a template that is not valid.
 */
export function jsonpath(value: unknown, template: string): string {
  // kubectl takes a single path without braces.
  const braced = /[{}]/.test(template) ? template : `{${template.startsWith('.') ? '' : '.'}${template}}`;
  return render(parse(braced), value, value);
}

/** The values of one path, as kubectl takes it in `--sort-by` and `custom-columns`: `.a.b`, `a.b` or `{.a.b}`. Throws UsageError. */
export function valuesAt(value: unknown, given: string): unknown[] {
  const path = /^\{(.*)\}$/s.exec(given)?.[1]?.trim() ?? given;
  return evaluate(/^[.[$@]/.test(path) ? path : `.${path}`, value, value);
}

function render(nodes: readonly Node[], current: unknown, root: unknown): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return node.text;
      if (node.kind === 'paths') return node.paths.map((path) => evaluate(path, current, root).map(textOf).join(' ')).join(' ');
      return evaluate(node.path, current, root)
        .map((one) => render(node.body, one, root))
        .join('');
    })
    .join('');
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function evaluate(path: string, current: unknown, root: unknown): unknown[] {
  const isOfRoot = path.startsWith('$');
  const json = isOfRoot ? root : current;
  const normal = normalize(path.replace(/^[$@]/, ''));
  if (normal === '') return [json];
  try {
    const found: unknown = JSONPath({ path: `$${normal}`, json: json as object, wrap: true, eval: 'safe' });
    return Array.isArray(found) ? found : [];
  } catch (error) {
    throw new UsageError('FlagInvalid', `the path '${path}' of -o jsonpath is not valid: ${(error as Error).message}`);
  }
}

// Keys after a dot become quoted ones: `.a\.b` is one key, and `.app/name` has no meaning to the library.
function normalize(path: string): string {
  let result = '';
  for (let at = 0; at < path.length; ) {
    const rest = path.slice(at);
    const bracket = rest.startsWith('[') ? closing(rest) : 0;
    const key = /^\.((?:\\.|[^.[\]\\*])+)/.exec(rest);
    if (bracket > 0) result += bracketOf(rest.slice(0, bracket));
    else if (key?.[1] !== undefined && !rest.startsWith('..')) result += `['${key[1].replaceAll(/\\(.)/g, '$1')}']`;
    const length = bracket || (rest.startsWith('..') ? 0 : (key?.[0].length ?? 0));
    if (length === 0) {
      const plain = /^(\.\.(?:[^.[\]*]+|\*)?|\.\*|\*)/.exec(rest);
      if (!plain) throw new UsageError('FlagInvalid', `the path '${path}' of -o jsonpath is not valid at '${rest}'`);
      result += plain[0];
      at += plain[0].length;
    } else at += length;
  }
  return result;
}

// A union of quoted keys is one of plain keys to the library.
function bracketOf(text: string): string {
  const single = text.replaceAll('"', "'").replaceAll('\\.', '.');
  return /^\['[^']*'(\s*,\s*'[^']*')+\]$/.test(single) ? single.replaceAll(/['\s]/g, '') : single;
}

// The length of what begins with a bracket, whose quoted parts may hold brackets.
function closing(text: string): number {
  let depth = 0;
  let quote: string | undefined;
  for (const [at, character] of [...text].entries()) {
    if (quote) quote = character === quote ? undefined : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']' && --depth === 0) return at + 1;
  }
  throw new UsageError('FlagInvalid', `a bracket of -o jsonpath is not closed: '${text}'`);
}

function parse(template: string): Node[] {
  const stack: { path: string; nodes: Node[] }[] = [{ path: '', nodes: [] }];
  const add = (node: Node) => stack.at(-1)?.nodes.push(node);
  for (const part of split(template)) {
    if (typeof part === 'string') add({ kind: 'text', text: part });
    else if (part.inside === 'end') {
      const done = stack.length > 1 ? stack.pop() : undefined;
      if (!done) throw new UsageError('FlagInvalid', '-o jsonpath has an {end} without a {range}');
      add({ kind: 'range', path: done.path, body: done.nodes });
    } else if (/^range\s/.test(part.inside)) stack.push({ path: part.inside.slice(6).trim(), nodes: [] });
    else for (const node of inside(part.inside)) add(node);
  }
  if (stack.length > 1) throw new UsageError('FlagInvalid', '-o jsonpath has a {range} without an {end}');
  return stack[0]?.nodes ?? [];
}

function inside(text: string): Node[] {
  const literal = /^(["'])(.*)\1$/s.exec(text);
  if (literal) return [{ kind: 'text', text: unescaped(literal[2] ?? '') }];
  return text === '' ? [] : [{ kind: 'paths', paths: [text] }];
}

const unescaped = (text: string) =>
  text.replaceAll(/\\(.)/gs, (_, character: string) => ({ n: '\n', t: '\t', r: '\r' })[character] ?? character);

// Text outside of braces, and what is inside of them; a brace in quotes is no brace.
function split(template: string): (string | { readonly inside: string })[] {
  const parts: (string | { inside: string })[] = [];
  let text = '';
  for (let at = 0; at < template.length; at++) {
    if (template[at] !== '{') {
      text += template[at];
      continue;
    }
    const end = closingBrace(template, at);
    if (text !== '') parts.push(text);
    text = '';
    parts.push({ inside: template.slice(at + 1, end).trim() });
    at = end;
  }
  return text === '' ? parts : [...parts, text];
}

function closingBrace(template: string, from: number): number {
  let quote: string | undefined;
  for (let at = from + 1; at < template.length; at++) {
    const character = template[at];
    if (quote) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '}') return at;
  }
  throw new UsageError('FlagInvalid', '-o jsonpath has a brace that is not closed');
}
