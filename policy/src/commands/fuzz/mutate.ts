import type { Random } from './random.ts';

const splices = [
  ' ',
  '\n',
  ';',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
  '{',
  '}',
  '"',
  "'",
  '`',
  '$',
  '\\',
  '#',
  '!',
  '*',
  '=',
  '[',
  ']',
  '\t',
  '\r',
  '$(',
  '${',
  '))',
  '((',
  '<<',
  '&&',
  ';;',
  ' rm ',
  'x=',
  '\u00a0',
  '\\\n',
];

/** Makes the syntax of a script slightly wrong, as what a parser and a shell disagree about shows there. */
export function mutate(script: string, random: Random): string {
  const at = random.below(script.length + 1);
  const splice = random.of(splices);
  const end = random.chance(0.5) ? at : Math.min(script.length, at + 1 + random.below(2));
  return script.slice(0, at) + (random.chance(0.8) ? splice : '') + script.slice(end);
}
