import { builtins } from '../programs/builtins.ts';
import { codeRunners } from '../programs/interpreters.ts';
import { baseName, isTrustedPath, withoutVersion } from '../programs/program-names.ts';
import { wrappers } from '../programs/wrappers.ts';
import type { Word } from '../shell/words.ts';
import { bounds } from './bounds.ts';
import { add, noteOpaque, type Place } from './finder.ts';

/** Analyzes one simple command and the commands that it starts. */
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
    noteOpaque(place, words, 'it contains a NUL character');
  const { scope } = place;
  // Where it is only perhaps defined, it is a program as well.
  if (scope?.script.callsBack.has(program)) scope.values.clear();
  if (scope?.functions.has(program)) {
    // Its body was read where it was defined; what it assigns is not followed.
    scope.values.clear();
    if (!scope.script.forgetful) return;
  }
  if (scope?.script.dialect === 'zsh' && /^(=.|noglob$|nocorrect$|repeat$|foreach$|-$)/.test(program))
    noteOpaque(place, words, 'zsh interprets this differently');
  const names = [baseName(program), withoutVersion(baseName(program))];
  const wrapper = wrappers.get(names[0] ?? '') ?? wrappers.get(names[1] ?? '');
  if (!add(place, words, wrapper && isTrustedPath(program) ? wrapper.role(words.slice(1)) : 'Command')) return;
  const code = (codeRunners.get(names[0] ?? '') ?? codeRunners.get(names[1] ?? ''))?.(words.slice(1));
  if (code !== undefined) noteOpaque(place, words, code);
  if (scope) builtins.get(program)?.(words.slice(1), place);
  if (wrapper) wrapper.read(words.slice(1), { ...place, depth: place.depth + 1, chain: [...place.chain, program] }, program);
}
