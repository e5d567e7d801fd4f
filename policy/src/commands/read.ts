import { bounds } from './bounds.ts';
import { builtins } from './builtins.ts';
import { codeRunners } from './code.ts';
import { add, note, noteOpaque, type Place } from './finder.ts';
import { baseName, isTrustedPath, withoutVersion } from './programs.ts';
import { showWord, type Word } from './words.ts';
import { wrappers } from './wrappers.ts';

/** Reads one simple command: what it is, and what it starts in turn. */
export function readCommand(words: readonly Word[], place: Place): void {
  const program = words[0];
  if (program === undefined) return;
  if (place.depth > bounds.depth) {
    noteOpaque(place, words, `it is nested more than ${bounds.depth} levels deep`);
    return;
  }
  if (typeof program !== 'string') {
    add(place, words, 'Command');
    place.scope?.values.clear();
    place.scope?.functions.clear();
    noteOpaque(place, words, `which program '${program.source}' is, is only known when it runs`);
    return;
  }
  if (program.includes('\u0000') || words.some((word) => typeof word === 'string' && word.includes('\u0000')))
    noteOpaque(place, words, 'it holds a NUL character');
  const { scope } = place;
  // Where it is only perhaps defined, it is a program as well.
  if (scope?.script.callsBack.has(program)) scope.values.clear();
  if (scope?.functions.has(program)) {
    // Its body was read where it was defined; what it assigns is not followed.
    scope.values.clear();
    if (!scope.script.forgetful) return;
  }
  if (scope?.script.dialect === 'zsh' && /^(=.|noglob$|nocorrect$|repeat$|foreach$|-$)/.test(program))
    noteOpaque(place, words, 'zsh reads this otherwise');
  const names = [baseName(program), withoutVersion(baseName(program))];
  const wrapper = wrappers.get(names[0] ?? '') ?? wrappers.get(names[1] ?? '');
  if (!add(place, words, wrapper && isTrustedPath(program) ? wrapper.role(words.slice(1)) : 'Command')) return;
  const code = (codeRunners.get(names[0] ?? '') ?? codeRunners.get(names[1] ?? ''))?.(words.slice(1));
  if (code !== undefined) noteOpaque(place, words, code);
  if (scope) builtins.get(program)?.(words.slice(1), place);
  if (wrapper) wrapper.read(words.slice(1), { ...place, depth: place.depth + 1, chain: [...place.chain, program] }, program);
}

/** Reads a command that a program starts: shell functions and variables do not reach there. */
export function readStarted(words: readonly Word[], place: Place): void {
  readCommand(words, { ...place, scope: undefined });
}

/** Notes that a command begins somewhere among the words, but not where. */
export function readSomewhere(words: readonly Word[], why: string, place: Place): void {
  noteOpaque(place, words, why);
  for (let at = 0; at < Math.min(words.length, 12); at++) {
    const word = words[at];
    if (typeof word === 'string' && !word.startsWith('-')) add(place, words.slice(at), 'Guess');
  }
}

/** Notes that no command can be read. */
export const opaque = (words: readonly Word[], why: string, place: Place): void =>
  note(place, 'Opaque', words.map(showWord).join(' '), why);
