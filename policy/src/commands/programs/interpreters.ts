import { mayHaveOption } from '../rules/match.ts';
import { literal, mayBeOption, type Word } from '../shell/words.ts';
import { widthOf } from './options.ts';

/** Why the code that a program runs is not visible in its arguments; undefined if it is. */
export type CodeRunner = (words: readonly Word[]) => string | undefined;

const always =
  (why: string): CodeRunner =>
  () =>
    why;

// With code in an option, or with nothing, so that it comes from standard input.
const interpreter =
  (options: readonly string[]): CodeRunner =>
  (words) => {
    if (options.some((option) => mayHaveOption(words, option, false))) return 'it runs code that Sentinel cannot parse';
    if (
      readsInput(words) ||
      words.every((word) => typeof word === 'string' && word.startsWith('-') && !/^--?(v|V|h|version|help)$/.test(word))
    )
      return 'it runs commands from its standard input';
    return undefined;
  };

const inputs = /^-$|(^|\/)(stdin|fd\/[0-9]+)$|^\/(dev|proc)\//;

// Whether the script is standard input or a descriptor. What follows an option may be its value, so that the script comes after it.
function readsInput(words: readonly Word[]): boolean {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (inputs.test(typeof word === 'string' ? word : word.prefix)) return true;
    const before = literal(words[at - 1]);
    if (!mayBeOption(word) && !(before?.startsWith('-') && before !== '--')) return false;
  }
  return false;
}

const subcommands =
  (pattern: RegExp): CodeRunner =>
  (words) => {
    const first = words.find((word) => typeof word !== 'string' || !word.startsWith('-'));
    const values = words.map((word) => literal(word));
    const runs = first === undefined || values.some((value) => value === undefined || pattern.test(value));
    return runs ? 'it runs commands from files' : undefined;
  };

const filter = /system|getline|[|@`]|include|load|extension|close|fflush|ENVIRON|print.*>/s;

function awk(words: readonly Word[]): string | undefined {
  const program = awkProgram(words);
  if (program === undefined) return 'it runs code that Sentinel cannot parse';
  return typeof program === 'string' && !filter.test(program) ? undefined : 'its program may run or write something';
}

// Options other than these name a file that is run or written, or are known to one awk alone.
function awkProgram(words: readonly Word[]): Word | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (typeof word !== 'string' || !word.startsWith('-') || word === '-') return word;
    if (word === '--') return words[at + 1];
    if (word === '-F' || word === '-v') {
      const value = words[++at];
      if (typeof value === 'object' && value.many) return undefined;
    } else if (!/^-[Fv].|^--(field-separator|assign)=|^--(posix|traditional|sandbox)$/s.test(word)) return undefined;
  }
  return undefined;
}

const address = String.raw`(?:[0-9]+|\$|/(?:[^/\\\n]|\\.)*/)`;
const command = String.raw`\s*(?:${address}(?:,${address})?)?\s*!?\s*(?:[pdqDGHNPghnx=]|s([/|#,:@!])(?:\\.|(?!\1)[^\\\n])*\1(?:\\.|(?!\1)[^\\\n])*\1[gpiI0-9]*|y([/|#,])(?:\\.|(?!\2)[^\\\n])*\2(?:\\.|(?!\2)[^\\\n])*\2)\s*`;
const sedCommand = new RegExp(`${command}(?:;\\s*|$)`, 'y');

function isSimpleSed(script: string): boolean {
  if (script.length >= 2000) return false;
  let count = 0;
  for (sedCommand.lastIndex = 0; sedCommand.lastIndex < script.length; count++) if (!sedCommand.test(script)) return false;
  // Whether a delimiter in brackets ends an expression is not the same in all seds, and so where the next command begins.
  return count === 1 || (count > 1 && !script.includes('['));
}

function sed(words: readonly Word[]): string | undefined {
  const why = 'its script may run or write something';
  const scripts: (Word | undefined)[] = [];
  const operands: Word[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) continue;
    if (typeof word === 'object' && mayBeOption(word)) return why;
    if (typeof word === 'object' || !word.startsWith('-') || word === '-') operands.push(word);
    else if (/^-[nErsuz]*e$/.test(word) || word === '--expression') scripts.push(words[++at]);
    else if (word.startsWith('--expression=')) scripts.push(word.slice(13));
    else if (
      !/^(-[nErsuzb]+|-i[^e]*|--(quiet|silent|regexp-extended|separate|unbuffered|null-data|posix|sandbox|debug|in-place(=.*)?|version|help))$/.test(
        word,
      )
    )
      return why;
  }
  if (scripts.length === 0) scripts.push(operands[0]);
  return scripts.every((script) => typeof script === 'string' && isSimpleSed(script)) ? undefined : why;
}

const readers = /^(view|v|info|show|ls|list|ll|la|outdated|root|bin|prefix|ping|whoami|search|help|audit|why|explain|fund)$/;

// An option that is not known may take the word behind it, so that another one is the subcommand.
const npm =
  (program: string): CodeRunner =>
  (words) => {
    const subcommand = words[subcommandAt(program, words) ?? words.length];
    return typeof subcommand === 'string' && readers.test(subcommand) ? undefined : 'it runs commands from files';
  };

function subcommandAt(program: string, words: readonly Word[]): number | undefined {
  let at = 0;
  for (;;) {
    const word = words[at];
    if (typeof word !== 'string' || !word.startsWith('-')) return at;
    const width = widthOf(program, word);
    const value = words[at + 1];
    if (width === undefined || (width === 2 && typeof value === 'object' && value.many)) return undefined;
    at += width;
  }
}

function names(list: string, runner: CodeRunner): [string, CodeRunner][] {
  return list.split(' ').map((name) => [name, runner]);
}

const files = 'it runs commands from files';

/** Programs that run code of their arguments, or may do so. */
const ofArguments: readonly [string, CodeRunner][] = [
  ...names('python pypy python2 python3', interpreter(['-c'])),
  ...names('perl ruby', interpreter(['-e', '-E', '-n', '-p', '-M', '-m', '-x', '-r', '-I'])),
  ...names(
    'node nodejs bun deno tsx ts-node',
    interpreter([
      '-e',
      '--eval',
      '-p',
      '--print',
      '-r',
      '--require',
      '--import',
      '--loader',
      '--experimental-loader',
      'eval',
      '-i',
    ]),
  ),
  ...names(
    'php',
    interpreter([
      '-r',
      '--run',
      '-B',
      '--process-begin',
      '-R',
      '--process-code',
      '-E',
      '--process-end',
      '-d',
      '--define',
      '-a',
      '--interactive',
      '-c',
      '--php-ini',
    ]),
  ),
  ...names(
    'lua luajit tclsh wish guile racket ghc runghc scala groovy jshell irb julia Rscript R octave gnuplot m4 bc dc gdb sqlite psql mysql mongosh mongo redis-cli jq-repl',
    always('it runs code that Sentinel cannot parse'),
  ),
  ...names('awk gawk mawk nawk', awk),
  ...names('sed gsed', sed),
  ...names(
    'vi vim nvim vimdiff ex view ed emacs nano pico less more most man expect screen tmux dialog',
    always('it is an interactive program that can run other commands'),
  ),
  ...names('fish csh tcsh elvish nu xonsh pwsh powershell osascript', always('Sentinel cannot parse its language')),
  ...names('ssh autossh mosh rsh rlogin telnet pssh pdsh', always('it runs a command on another host')),
  ...names('parallel entr inotifywait watchexec nodemon fswatch', always('it builds and runs commands')),
  ...names('at batch crontab systemd-run', always('it runs a command later or outside the step')),
  // make also evaluates the values of variables that its arguments set.
  ...names('make gmake', always(files)),
];

/** Programs that run what files say. Their arguments choose among that. */
const ofFiles: readonly [string, CodeRunner][] = [
  ...names(
    'ninja just task rake gradle gradlew mvn mvnw ant cmake ctest tox nox invoke bazel bazelisk buck scons waf meson ansible ansible-playbook ansible-pull helmfile skaffold tilt earthly pre-commit act docker-compose packer vagrant puppet chef-client salt-call terragrunt pulumi run-parts composer bundle bundler cargo pytest jest mocha vitest poetry pipenv uv hatch npx pnpx bunx uvx',
    always(files),
  ),
  ...names('npm', npm('npm')),
  ...names('pnpm', npm('pnpm')),
  ...names('yarn', npm('yarn')),
  ...names('go', subcommands(/^(run|test|generate|build|install|tool|vet|get|mod|work)$/)),
];

/** Programs that run code, or what files say, by their name without a version. */
export const codeRunners: ReadonlyMap<string, CodeRunner> = new Map([...ofArguments, ...ofFiles]);

/** Programs that may run an argument as code, by their name without a version. Shells and wrappers are not among them. */
export const argumentRunners: ReadonlySet<string> = new Set(ofArguments.map(([name]) => name));
