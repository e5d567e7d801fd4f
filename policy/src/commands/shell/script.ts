import { type AndOr, type Command, type CompoundList, type ParsedScript, parse, type Statement, type SyntaxNode } from 'unbash';
import { bounds } from '../analyze/bounds.ts';
import { copyScope, note, noteOpaque, type Place, type Scope, type ScriptFacts } from '../analyze/finder.ts';
import { readCommand } from '../analyze/read-command.ts';
import { known } from '../programs/is-known-command.ts';
import { assignmentWord, makesKeys, valueOfAssignment } from './assignments.ts';
import { expandWord, readArithmetic } from './expand.ts';
import { mayFail, readRedirects } from './redirects.ts';
import { factsOf, survey } from './survey.ts';
import { readTest } from './test-expression.ts';
import { assign, assignFor } from './variables.ts';
import type { Word } from './words.ts';

/** Analyzes the commands of a script that runs in a separate shell. */
export function readScript(text: string, dialect: ScriptFacts['dialect'], positional: readonly Word[], place: Place): void {
  readText(text, place, (facts) => ({
    values: new Map(),
    given: new Set(),
    positional,
    functions: new Set(),
    uncertain: false,
    script: { ...facts, dialect },
  }));
}

/** Analyzes a script of which only the beginning is known: rules can deny its commands, but not allow them. */
export function guessScript(beginning: string, place: Place): void {
  if (beginning.trim() !== '') readScript(beginning, 'bash', [], { ...place, depth: place.depth + 1, guess: true });
}

/** Analyzes the commands of a text that the current shell evaluates. */
export function evaluate(text: string, place: Place): void {
  readText(text, place, (facts) => {
    const outer = place.scope;
    if (!outer)
      return {
        values: new Map(),
        given: new Set(),
        positional: undefined,
        functions: new Set(),
        uncertain: false,
        script: facts,
      };
    for (const name of facts.arrays) outer.script.arrays.add(name);
    const script = {
      ...facts,
      arrays: outer.script.arrays,
      dialect: outer.script.dialect,
      closes: facts.closes || outer.script.closes,
      blind: true,
      resets: true,
      forgetful: true,
    };
    return { ...outer, values: new Map(), script };
  });
  if (!place.scope) return;
  place.scope.values.clear();
  place.scope.script.blind = true;
  place.scope.script.resets = true;
  place.scope.script.forgetful = true;
}

function readText(text: string, place: Place, scopeOf: (facts: ScriptFacts) => Scope): void {
  if (text.length > bounds.script) {
    noteOpaque(place, text, `it is longer than ${bounds.script} characters`);
    return;
  }
  if (text.includes('\u0000')) {
    noteOpaque(place, text, 'it contains a NUL character');
    return;
  }
  let tree: ParsedScript;
  try {
    tree = parse(text);
    const found = survey(tree, place.finder);
    if (found.over !== undefined) {
      noteOpaque(place, text, found.over);
      return;
    }
    const facts = factsOf(found, 'bash');
    // Where an expansion fails, bash leaves the rest of the line, with all that it would have assigned, and goes on with the next.
    const torn = found.breaks && text.trim().includes('\n');
    const made = scopeOf(torn ? { ...facts, forgetful: true } : facts);
    const scope = torn ? { ...made, uncertain: true } : made;
    if (found.bashOnly !== undefined && scope.script.dialect !== 'bash')
      noteOpaque(place, text, `shells other than bash interpret ${found.bashOnly} differently`);
    // Where its bracket is missing, the parser takes it for text and the shell for a fault.
    if (text.includes('$[')) noteOpaque(place, text, '$[ … ] is arithmetic of an old form');
    if (isTornByLines(text)) noteOpaque(place, text, 'a backslash continues a line inside an expansion');
    if (found.errors) noteOpaque(place, text, 'it has syntax errors');
    readTree(tree, { ...place, scope, guess: place.guess || found.errors });
  } catch {
    // A parser that fails says nothing of what the shell would do.
    noteOpaque(place, text, 'it cannot be parsed');
  }
}

// The shell takes a backslash and a newline out before anything else; the parser does not everywhere. Between words, and inside of a plain
// one, it makes no difference.
function isTornByLines(text: string): boolean {
  for (let at = text.indexOf('\\\n'); at >= 0; at = text.indexOf('\\\n', at + 2)) {
    const before = /\S{0,200}$/.exec(text.slice(Math.max(0, at - 200), at))?.[0] ?? '';
    const after = /^\S{0,200}/.exec(text.slice(at + 2, at + 202))?.[0] ?? '';
    if (before !== '' && !/^[\w./,"'=:@%+-]*$/.test(before + after)) return true;
  }
  return false;
}

/** Analyzes the commands of a parsed script. */
export function readTree(tree: ParsedScript, place: Place): void {
  if (place.depth > bounds.depth) {
    note(place, 'Opaque', '…', `it is nested more than ${bounds.depth} levels deep`);
    return;
  }
  readList(tree.commands, place);
}

function readList(statements: readonly Statement[], place: Place): void {
  for (const statement of statements) {
    if (statement.background) perhaps(statement, place, (inside) => readNode(statement.command, inside));
    else readNode(statement.command, place);
  }
}

const readBody = (list: CompoundList, place: Place): void => readList(list.commands, place);

// What runs in a subshell, or only perhaps: nothing that it assigns is certain afterwards.
function perhaps(node: SyntaxNode, place: Place, read: (inside: Place) => void): void {
  read({ ...place, scope: place.scope && copyScope(place.scope) });
  forget(node, place);
}

// What runs any number of times: nothing that it assigns is certain from its beginning on.
function repeatedly(node: SyntaxNode, place: Place, read: (inside: Place) => void): void {
  const everything = forget(node, place);
  const scope = place.scope && copyScope(place.scope);
  read({ ...place, scope: scope && everything ? { ...scope, uncertain: true } : scope });
  forget(node, place);
}

function forget(node: SyntaxNode, place: Place): boolean {
  const { scope, finder } = place;
  if (!scope) return false;
  // The nodes were counted when the script was looked over as a whole.
  const counted = finder.nodes;
  finder.nodes = 0;
  const found = survey(node, finder);
  finder.nodes = counted + Math.ceil(finder.nodes / 8);
  const everything = found.anything || found.over !== undefined || scope.script.callsBack.size > 0 || scope.functions.size > 0;
  if (everything || found.shifts || found.assigned.has('argv')) scope.positional = undefined;
  if (everything) scope.values.clear();
  else for (const name of found.assigned) scope.values.delete(name);
  return everything;
}

function readNode(node: SyntaxNode, place: Place): void {
  switch (node.type) {
    case 'Command':
      if (mayFail(node.redirects, place)) perhaps(node, place, (inside) => readSimple(node, inside));
      else readSimple(node, place);
      return;
    case 'Pipeline':
      if (node.commands.length === 1) for (const command of node.commands) readNode(command, place);
      else for (const command of node.commands) perhaps(command, place, (inside) => readNode(command, inside));
      return;
    case 'AndOr':
      readAndOr(node, place);
      return;
    case 'Redirected':
      readRedirects(node.redirects, place);
      if (mayFail(node.redirects, place)) perhaps(node.command, place, (inside) => readNode(node.command, inside));
      else readNode(node.command, place);
      return;
    case 'BraceGroup':
      readBody(node.body, place);
      return;
    case 'Subshell':
      perhaps(node, place, (inside) => readBody(node.body, inside));
      return;
    case 'CompoundList':
      readBody(node, place);
      return;
    case 'If':
      readBody(node.clause, place);
      for (const list of [node.then, ...node.elif.flatMap((branch) => [branch.clause, branch.then]), node.else])
        if (list) perhaps(list, place, (inside) => readBody(list, inside));
      return;
    case 'While':
      repeatedly(node, place, (inside) => {
        readBody(node.clause, inside);
        readBody(node.body, inside);
      });
      return;
    case 'For':
    case 'Select':
      for (const word of node.wordlist ?? []) expandWord(word, place);
      assign(place, node.name.value, undefined);
      repeatedly(node, place, (inside) => readBody(node.body, inside));
      return;
    case 'ArithmeticFor':
      for (const part of [node.initialize, node.test, node.update]) if (part) readArithmetic(part, '(( … ))', place);
      repeatedly(node, place, (inside) => readBody(node.body, inside));
      return;
    case 'Case':
      readCase(node, place);
      return;
    case 'Function':
      readFunction(node, place);
      return;
    case 'Coproc':
      assign(place, node.name?.value ?? 'COPROC', undefined);
      perhaps(node.body, place, (inside) => readNode(node.body, inside));
      return;
    case 'TestCommand':
      readTest(node.expression, place);
      return;
    case 'ArithmeticCommand':
      readArithmetic(node.expression, node.body, place);
      return;
    default:
      note(place, 'Opaque', node.type, 'this syntax is unknown');
  }
}

function readAndOr(node: AndOr, place: Place): void {
  node.commands.forEach((command, index) => {
    if (index === 0) readNode(command, place);
    else perhaps(command, place, (inside) => readNode(command, inside));
  });
}

function readCase(node: Extract<SyntaxNode, { type: 'Case' }>, place: Place): void {
  expandWord(node.word, place);
  // One body may go on into the next, so what any of them assigns is uncertain in all.
  forget(node, place);
  for (const item of node.items) {
    for (const pattern of item.pattern) expandWord(pattern, place);
    perhaps(item.body, place, (inside) => readBody(item.body, inside));
  }
}

function readFunction(node: Extract<SyntaxNode, { type: 'Function' }>, place: Place): void {
  const name = node.name.value;
  if (known(name)) note(place, 'Shadow', name, 'a function replaces a known program of this name');
  const scope = place.scope && { ...copyScope(place.scope), values: new Map<string, string>(), positional: undefined };
  scope?.functions.add(name);
  readNode(node.body, { ...place, depth: place.depth + 1, scope });
  place.scope?.functions.add(name);
}

function readSimple(node: Command, place: Place): void {
  const words: Word[] = [];
  if (node.name) words.push(...expandWord(node.name, place));
  for (const argument of node.args) {
    if (argument.type === 'Word') words.push(...expandWord(argument, place));
    else words.push(assignmentWord(argument, place, words.some(makesKeys)));
  }
  readRedirects(node.redirects, place);
  for (const prefix of node.prefix) {
    if (prefix.type !== 'Assignment') continue;
    const value = valueOfAssignment(prefix, place);
    // Before a command it holds for that command alone, or for good before some builtins of some shells.
    if (words.length === 0) assign(place, prefix.name, value);
    else assignFor(place, prefix.name, value);
  }
  if (words.length > 0) readCommand(words, place);
}
