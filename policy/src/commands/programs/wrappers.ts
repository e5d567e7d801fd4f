import { bounds } from '../analyze/bounds.ts';
import { type FoundCommand, note, noteOpaque, opaque, type Place, readSomewhere, readStarted } from '../analyze/finder.ts';
import { mayMatch, surelyMatches } from '../rules/match.ts';
import { isSignificant } from '../shell/variables.ts';
import { anyNumber, beginningOf, literal, showWord, unknown, type Word } from '../shell/words.ts';
import { isKubectl } from './kubectl-aliases.ts';
import { insidePods, operandCount } from './kubectl-resources.ts';
import { unknownBefore } from './options.ts';
import { type OptionSpec, type Scanned, scanOptions } from './scan-options.ts';
import { readShell } from './shells.ts';

/** A program that starts another one, which its arguments name. */
export interface Wrapper {
  /** Whether it is a command of its own as well. */
  readonly role: (words: readonly Word[]) => FoundCommand['role'];
  /** Reads what it starts; `name` is how it was called. */
  readonly read: (words: readonly Word[], place: Place, name: string) => void;
}

type Read = Wrapper['read'];

const transparent = (words: readonly Word[]): FoundCommand['role'] => (words.length > 0 ? 'Wrapper' : 'Command');
const itself = (): FoundCommand['role'] => 'Command';

const unclear = (scanned: Scanned, words: readonly Word[], place: Place): boolean => {
  if (scanned.fault === undefined) return false;
  readSomewhere(words, `where its command begins is not certain: ${scanned.fault}`, place);
  return true;
};

/** Options, then a number of operands, then a command. */
const prefix =
  (spec: OptionSpec, operands = 0): Read =>
  (words, place) => {
    const scanned = scanOptions(words, spec);
    if (unclear(scanned, words, place)) return;
    if (scanned.rest.slice(0, operands).some((word) => typeof word === 'object' && word.many))
      return readSomewhere(scanned.rest, 'an unknown number of words stands before its command', place);
    readStarted(scanned.rest.slice(operands), place);
  };

const isAssignment = (word: Word): boolean => (typeof word === 'string' ? word : word.many ? '' : word.prefix).includes('=');

/** Assignments, then a command. */
function readAssigned(words: readonly Word[], place: Place): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const text = typeof word === 'object' ? word.prefix : (word ?? '');
    const [name = ''] = text.split('=');
    if (isAssignment(word ?? '')) {
      if (isSignificant(name, typeof word === 'string' ? word.slice(name.length + 1) : undefined))
        note(place, 'Variable', name, 'it changes which programs run, or what they do');
      continue;
    }
    if (typeof word === 'object') readSomewhere(words.slice(at), 'an unknown word may be a variable or its command', place);
    else readStarted(words.slice(at), place);
    return;
  }
}

const envSpec: OptionSpec = {
  flags: 'i0v',
  values: 'uCS',
  long: [
    '--ignore-environment',
    '--null',
    '--debug',
    '--list-signal-handling',
    '--block-signal',
    '--default-signal',
    '--ignore-signal',
  ],
  longValues: ['--unset', '--chdir', '--split-string'],
};

function readEnv(words: readonly Word[], place: Place): void {
  if (words.length > 2_000) {
    noteOpaque(place, words, 'it has too many words');
    return;
  }
  const scanned = scanOptions(words, envSpec);
  const split = scanned.options.findIndex(([name]) => name === '-S' || name === '--split-string');
  if (split >= 0) {
    readSplit(words, scanned, scanned.options[split]?.[1], place);
    return;
  }
  if (unclear(scanned, words, place)) return;
  for (const [name, value] of scanned.options) {
    if (name !== '-u' && name !== '--unset') continue;
    const text = literal(value);
    if (text === undefined || isSignificant(text))
      note(place, 'Variable', text ?? 'env -u', 'it changes which programs run, or what they do');
  }
  readAssigned(scanned.rest[0] === '-' ? scanned.rest.slice(1) : scanned.rest, place);
}

// Without a command, env prints what is in the environment.
function startedByEnv(words: readonly Word[], depth = 0): boolean {
  const { options, rest, fault } = scanOptions(words, envSpec);
  const split = options.find(([name]) => name === '-S' || name === '--split-string');
  const text = literal(split?.[1]);
  if (split && text !== undefined && depth < 12) return startedByEnv([...textWords(text), ...rest], depth + 1);
  return split !== undefined || fault !== undefined || !(rest[0] === '-' ? rest.slice(1) : rest).every(isAssignment);
}

const textWords = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

// -S takes words out of one text, and goes on reading options with them.
function readSplit(words: readonly Word[], scanned: Scanned, text: Word | undefined, place: Place): void {
  const value = literal(text);
  if (value === undefined || !/^[\w\s./:=@%+,-]*$/.test(value) || scanned.options.length > 1 || place.depth > 12) {
    readSomewhere(words, 'it splits text into words by its own rules', place);
    place.analyzer.guessScript(value ?? '', place);
    return;
  }
  readEnv([...textWords(value), ...scanned.rest], { ...place, depth: place.depth + 1 });
}

const sudoSpec: OptionSpec = {
  flags: 'AbBEeHKklnNPSsvVi',
  values: 'CDghpRrTtUu',
  long: [
    '--askpass',
    '--background',
    '--bell',
    '--preserve-env',
    '--edit',
    '--set-home',
    '--login',
    '--non-interactive',
    '--no-update',
    '--preserve-groups',
    '--stdin',
    '--shell',
    '--reset-timestamp',
    '--remove-timestamp',
    '--list',
    '--validate',
    '--version',
    '--help',
  ],
  longValues: [
    '--close-from',
    '--chdir',
    '--group',
    '--host',
    '--prompt',
    '--chroot',
    '--role',
    '--type',
    '--command-timeout',
    '--other-user',
    '--user',
  ],
};

function readSudo(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, sudoSpec);
  if (unclear(scanned, words, place)) return;
  if (scanned.options.some(([name]) => /^(-e|--edit|-s|--shell|-i|--login)$/.test(name)))
    opaque(words, 'it starts a shell or an editor', place);
  readAssigned(scanned.rest, place);
}

function readSu(words: readonly Word[], place: Place): void {
  const at = words.findIndex((word) => word === '-c' || word === '--command' || word === '--session-command');
  const inline = words.map(literal).find((word) => /^--(session-)?command=/.test(word ?? ''));
  const script = at >= 0 ? words[at + 1] : inline?.slice(inline.indexOf('=') + 1);
  if (script === undefined) {
    readSomewhere(words, 'it starts a shell', place);
    return;
  }
  readText(script, place);
}

/** Reads one word as the script of a shell. */
function readText(script: Word, place: Place): void {
  if (typeof script === 'object') {
    noteOpaque(place, script, 'it is a script that is only known when it runs');
    place.analyzer.guessScript(script.prefix, place);
    return;
  }
  place.analyzer.readScript(script, 'posix', [], place);
}

function readJoined(words: readonly Word[], place: Place): void {
  const texts = words.map(literal);
  if (texts.some((text) => text === undefined)) {
    readSomewhere(words, 'it joins its arguments into a script, and some of them are unknown', place);
    place.analyzer.guessScript(beginningOf(words), place);
  } else place.analyzer.readScript(texts.join(' '), 'posix', [], place);
}

function readXargs(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, {
    flags: '0rtpxo',
    values: 'aEIJLnPRSsd',
    long: [
      '--null',
      '--no-run-if-empty',
      '--verbose',
      '--interactive',
      '--exit',
      '--open-tty',
      '--show-limits',
      '--eof',
      '--replace',
      '--max-lines',
    ],
    longValues: ['--arg-file', '--delimiter', '--max-args', '--max-procs', '--max-chars', '--process-slot-var'],
  });
  if (unclear(scanned, words, place)) return;
  const replace = scanned.options.findLast(([name]) => /^(-I|-J|--replace)$/.test(name));
  const text = replace ? (literal(replace[1]) ?? (replace[0] === '--replace' ? '{}' : undefined)) : undefined;
  const rest = scanned.rest;
  if (!replace) {
    if (rest.length > 0) readStarted([...rest, anyNumber('its input')], place);
    return;
  }
  if (text === undefined || text === '') {
    readSomewhere(rest, 'the text that it replaces is not certain', place);
    return;
  }
  readStarted(
    rest.map((word) => filledIn(word, text, replace[0] === '-J')),
    place,
  );
}

// A word with a place in it that is filled later.
function filledIn(word: Word, hole: string, many = false): Word {
  if (typeof word !== 'string' || !word.includes(hole)) return word;
  const before = word.slice(0, word.indexOf(hole));
  return many ? anyNumber(word, before) : unknown(word, before);
}

function readFind(words: readonly Word[], place: Place): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (typeof word !== 'string' || !/^-(exec|execdir|ok|okdir)$/.test(word)) continue;
    const from = words.slice(at + 1);
    const end = from.findIndex((one, index) => one === ';' || (one === '+' && index > 0 && from[index - 1] === '{}'));
    if (end < 0) {
      readSomewhere(from, 'the command of find has no end', place);
      return;
    }
    const inner = from.slice(0, end);
    readStarted(
      inner.map((one) => (from[end] === '+' && one === '{}' ? anyNumber('{}') : filledIn(one, '{}'))),
      place,
    );
    at += end + 1;
  }
}

function readApplet(words: readonly Word[], place: Place): void {
  const [applet] = words;
  if (typeof applet !== 'string' || !applet.startsWith('-')) readStarted(words, place);
  else if (!listsApplets.test(applet)) opaque(words, 'it is not an applet, and may write files', place);
}

const listsApplets = /^--(list|list-full|help)$/;

// exec, command and builtin: of a shell, so its variables hold, but a function does not.
const ofShell =
  (spec: OptionSpec): Read =>
  (words, place) => {
    const scanned = scanOptions(words, spec);
    if (unclear(scanned, words, place)) return;
    if (scanned.options.some(([name]) => name === '-v' || name === '-V')) return;
    const scope = place.scope && { ...place.scope, functions: new Set<string>() };
    place.analyzer.readCommand(scanned.rest, { ...place, scope });
    // What the builtin did to the arguments of the script happened to a copy.
    if (place.scope && scope) place.scope.positional = scope.positional;
  };

// Which subcommand it runs decides what it does; an option that is not known may take it for its value.
function readSubcommand(words: readonly Word[], place: Place, name: string): void {
  const odd = unknownBefore(isKubectl(name) ? 'kubectl' : 'helm', words);
  if (odd === undefined) return;
  const why = `'${showWord(odd)}' before its subcommand is not known, so which one it runs is not certain`;
  note(place, 'Subcommand', [name, ...words].map(showWord).join(' '), why);
}

function readKubectl(words: readonly Word[], place: Place, name: string): void {
  readSubcommand(words, place, name);
  if (operandCount(words) > bounds.operands) noteOpaque(place, [name, ...words], `it names more than ${bounds.operands} objects`);
  const whole = ['*', ...words];
  if (!mayMatch('kubectl', insidePods, whole)) return;
  const at = words.indexOf('--');
  if (at >= 0) readStarted(words.slice(at + 1), place);
  // The older form of exec, without dashes. Whether an unknown subcommand is one, the dangerous list asks already.
  else if (surelyMatches('kubectl', [['*'], ['exec']], whole))
    readSomewhere(words.slice(1), 'where the command of exec begins is not certain', place);
}

function readContainer(words: readonly Word[], place: Place): void {
  const at = words.findIndex((word) => typeof word === 'string' && /^(exec|run|create)$/.test(word));
  if (at >= 0) readSomewhere(words.slice(at + 1), 'it runs a command in a container', place);
}

function readGit(words: readonly Word[], place: Place): void {
  words.forEach((word, at) => {
    const alias =
      typeof word === 'string' ? /^-{0,2}[A-Za-z-]*=?alias\.[^=]*=!(.*)$/s.exec(word.replace(/^-c/, ''))?.[1] : undefined;
    if (alias !== undefined) place.analyzer.readScript(alias, 'posix', [], place);
    const next = words[at + 1];
    if ((word === '--exec' || word === '-x') && words.includes('rebase') && next !== undefined) readText(next, place);
    if (typeof word === 'string' && word.startsWith('--exec=') && words.includes('rebase')) readText(word.slice(7), place);
    if (word === 'foreach' && words.includes('submodule'))
      readJoined(
        words.slice(at + 1).filter((one) => one !== '--recursive'),
        place,
      );
    if (word === 'run' && words[at - 1] === 'bisect') readStarted(words.slice(at + 1), place);
    if (typeof word === 'string' && /^(ext|fd)::/.test(word)) opaque(words, 'the address is a command that git runs', place);
  });
}

function readWatch(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, {
    flags: 'bcdegprtwxfC',
    values: 'nq',
    long: [
      '--beep',
      '--color',
      '--no-color',
      '--differences',
      '--errexit',
      '--chgexit',
      '--precise',
      '--no-rerun',
      '--no-title',
      '--no-wrap',
      '--exec',
    ],
    longValues: ['--interval', '--equexit'],
  });
  if (unclear(scanned, words, place)) return;
  const direct = scanned.options.some(([name]) => name === '-x' || name === '--exec');
  if (direct) readStarted(scanned.rest, place);
  else readJoined(scanned.rest, place);
}

function readFlock(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, {
    flags: 'sxeunoFv',
    values: 'wE',
    long: ['--shared', '--exclusive', '--unlock', '--nonblock', '--close', '--no-fork', '--verbose', '--nb'],
    longValues: ['--timeout', '--wait', '--conflict-exit-code'],
  });
  if (unclear(scanned, words, place)) return;
  const [, first, second] = scanned.rest;
  if (first === '-c' || first === '--command') {
    if (second !== undefined) readText(second, place);
    return;
  }
  readStarted(scanned.rest.slice(1), place);
}

function readTypescript(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, {
    flags: 'aefq',
    values: 'cEIOBTmot',
    long: ['--append', '--return', '--flush', '--force', '--quiet', '--timing'],
    longValues: [
      '--command',
      '--echo',
      '--log-in',
      '--log-out',
      '--log-io',
      '--log-timing',
      '--logging-format',
      '--output-limit',
    ],
  });
  const script = scanned.options.find(([name]) => name === '-c' || name === '--command')?.[1];
  if (script === undefined) {
    readSomewhere(words, 'it starts a shell', place);
    return;
  }
  readText(script, place);
  if (unclear(scanned, words, place)) return;
}

const under =
  (name: string): Read =>
  (words, place) => {
    const at = words.indexOf(name);
    if (at >= 0)
      readStarted(
        words.slice(words[at + 1] === '--' ? at + 1 : at).map((word, index) => (index === 0 ? name : word)),
        place,
      );
  };

const guess =
  (why: string): Read =>
  (words, place) =>
    readSomewhere(words, why, place);

const namespaces: OptionSpec = {
  flags: 'mUunipCTrcfahFZe',
  values: 'tSGRwW',
  long: [
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--user',
    '--cgroup',
    '--time',
    '--all',
    '--fork',
    '--map-root-user',
    '--map-current-user',
    '--mount-proc',
    '--kill-child',
    '--no-fork',
    '--preserve-credentials',
    '--root',
    '--wd',
    '--keep-caps',
  ],
  longValues: ['--target', '--setuid', '--setgid', '--propagation', '--setgroups', '--map-user', '--map-group'],
};

const entries: readonly (readonly [string, Read, Wrapper['role']])[] = [
  ['env', readEnv, (words) => (startedByEnv(words) ? 'Wrapper' : 'Command')],
  ['sudo', readSudo, itself],
  ['doas', (words, place) => prefix({ flags: 'nsL', values: 'uC' })(words, place, 'doas'), itself],
  ['su', readSu, itself],
  [
    'runuser',
    (words, place) => (words.includes('-u') ? prefix({ values: 'u' })(words, place, 'runuser') : readSu(words, place)),
    itself,
  ],
  ['gosu', prefix({}, 1), itself],
  ['su-exec', prefix({}, 1), itself],
  ['setpriv', guess('where its command begins is not certain'), itself],
  ['pkexec', guess('where its command begins is not certain'), itself],
  ['nice', prefix({ values: 'n', longValues: ['--adjustment'], numbers: true }), transparent],
  [
    'ionice',
    prefix({ flags: 't', values: 'cnpPu', long: ['--ignore'], longValues: ['--class', '--classdata', '--pid'] }),
    transparent,
  ],
  [
    'chrt',
    prefix({ flags: 'abdfiormv', values: 'TPD', long: ['--batch', '--fifo', '--idle', '--other', '--rr'] }, 1),
    transparent,
  ],
  ['taskset', prefix({ flags: 'ac' }, 1), transparent],
  ['nohup', prefix({}), transparent],
  ['setsid', prefix({ flags: 'cfw', long: ['--ctty', '--fork', '--wait'] }), transparent],
  [
    'timeout',
    prefix(
      {
        flags: 'vfp',
        values: 'ks',
        long: ['--preserve-status', '--foreground', '--verbose'],
        longValues: ['--kill-after', '--signal'],
      },
      1,
    ),
    transparent,
  ],
  ['stdbuf', prefix({ values: 'ioe', longValues: ['--input', '--output', '--error'] }), transparent],
  [
    'time',
    prefix({
      flags: 'apvqV',
      values: 'f',
      long: ['--portability', '--verbose', '--quiet', '--append'],
      longValues: ['--format'],
    }),
    transparent,
  ],
  ['unbuffer', prefix({ flags: 'p' }), transparent],
  ['dumb-init', prefix({ flags: 'cv' }), transparent],
  ['tini', prefix({ flags: 'gswv', values: 'ep' }), transparent],
  ['xargs', readXargs, transparent],
  ['find', readFind, itself],
  ['parallel', guess('it builds and runs commands'), itself],
  ['watch', readWatch, transparent],
  ['flock', readFlock, transparent],
  ['chroot', prefix({ long: ['--skip-chdir'], longValues: ['--userspec', '--groups'] }, 1), itself],
  ['unshare', prefix(namespaces), itself],
  ['nsenter', prefix(namespaces), itself],
  ['script', readTypescript, itself],
  ['ssh', guess('it runs a command on another host'), itself],
  ['busybox', readApplet, transparent],
  ['toybox', readApplet, transparent],
  ['command', ofShell({ flags: 'pvV' }), transparent],
  ['builtin', ofShell({}), transparent],
  ['exec', ofShell({ flags: 'cl', values: 'a' }), transparent],
  ['kubectl', readKubectl, itself],
  ['oc', readKubectl, itself],
  ['helm', readSubcommand, itself],
  ['k3s', under('kubectl'), itself],
  ['k0s', under('kubectl'), itself],
  ['rke2', under('kubectl'), itself],
  ['microk8s', under('kubectl'), itself],
  ['minikube', under('kubectl'), itself],
  ['docker', readContainer, itself],
  ['podman', readContainer, itself],
  ['nerdctl', readContainer, itself],
  ['crictl', readContainer, itself],
  ['ctr', readContainer, itself],
  ['git', readGit, itself],
  ['strace', guess('where its command begins is not certain'), itself],
  ['ltrace', guess('where its command begins is not certain'), itself],
  ['systemd-run', guess('where its command begins is not certain'), itself],
  ['sh', readShell('posix'), transparent],
  ['dash', readShell('posix'), transparent],
  ['ash', readShell('posix'), transparent],
  ['bash', readShell('bash'), transparent],
  ['rbash', readShell('bash'), transparent],
  ['ksh', readShell('posix'), transparent],
  ['mksh', readShell('posix'), transparent],
  ['zsh', readShell('zsh'), transparent],
];

/** Programs that start another, by name. */
export const wrappers: ReadonlyMap<string, Wrapper> = new Map(entries.map(([name, read, role]) => [name, { read, role }]));
