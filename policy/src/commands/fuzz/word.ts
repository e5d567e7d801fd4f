import type { Random } from './random.ts';

/** Programs that only log how they were called. */
export const stubs = ['rm', 'kubectl', 'git', 'curl', 'cp', 'tee', 'cat', 'ls', 'helm', 'foo', 'mv', 'grep'] as const;

const literals = [
  'a',
  'pod/x',
  '-n',
  'prod',
  '--force',
  '-rf',
  'x=1',
  'get',
  'delete',
  'a.txt',
  '-',
  '--',
  '%s',
  '1',
  ':',
  ',',
  '@',
  '^',
];
/** Variables of the scripts. */
export const names = ['x', 'y', 'v', 'tool'];

/** Where in a script something is made up. */
export interface Context {
  readonly random: Random;
  readonly plain: boolean;
  readonly depth: number;
}

/** Makes up one word for a command. */
export function word(context: Context): string {
  const { random, plain } = context;
  const value = random.of([...literals, ...stubs]);
  const forms = [
    value,
    value,
    value,
    `'${value}'`,
    `"${value}"`,
    `${value}'${random.of(literals)}'`,
    `"a b"`,
    `'$x'`,
    `\\$x`,
    `a\\ b`,
  ];
  if (plain) return random.of([...forms, '"$1"', '"$HOME"', '$x', '"a$x"']);
  return random.of([
    ...forms,
    `$'\\x${value.charCodeAt(0).toString(16)}'`,
    `$'${value}\\n'`,
    `$"${value}"`,
    `$${random.of(names)}`,
    `"$${random.of(names)}"`,
    `\${${random.of(names)}:-${value}}`,
    `\${${random.of(names)}:+${value}}`,
    `\${${random.of(names)}:-"a b" c}`,
    `\${#x}`,
    `\${x%a*}`,
    `\${x/a/b}`,
    `\${x:0:1}`,
    `a$IFS$x`,
    `rm$IFS-rf`,
    `*`,
    `?(a)`,
    `[ab]*`,
    `{a,b}`,
    `a{b,c}d`,
    `{1..3}`,
    `~`,
    `~/a`,
    `$(${random.of(stubs)} s)`,
    `"$(echo ${value})"`,
    `\`${random.of(stubs)} u\``,
    `$((1+2))`,
    `"$@"`,
    `$*`,
    `$?`,
    `<(${random.of(stubs)} p)`,
    `''`,
    `""`,
    `é`,
    `$'\\351'`,
    `$'a\\0b'`,
    `"\\$x\\"\\z"`,
  ]);
}
