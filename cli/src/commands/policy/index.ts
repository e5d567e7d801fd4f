import type { Command } from 'commander';
import type { GlobalFlags, Io, Session, Terminal } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { visible } from '../../terminal/visible.ts';
import { UsageError } from '../../usage-error.ts';
import { type Asker, type CanIFlags, canI, canIBatch, defaultsOf, questionOf, type Sender } from './can-i.ts';
import { effective } from './effective.ts';
import { explainAction } from './explain.ts';
import { FaultsError, readFiles } from './input/read-files.ts';
import { readCluster, type Sources } from './input/sources.ts';
import { lint } from './lint.ts';
import { simulate } from './simulate.ts';
import { testPolicies } from './test.ts';
import { type WorstCaseFlags, worstCase } from './worst-case.ts';

/** What the policy commands need from the main program. */
export interface PolicyCommands {
  readonly add: (parent: Command, usage: string, description: string) => Command;
  readonly printable: (command: Command) => Command;
  readonly io: Io;
  readonly terminal: Terminal;
  /** Opens a session with the cluster; not called for commands that only read files. */
  readonly open: (flags: GlobalFlags) => Promise<Session>;
  readonly exit: (code: number) => void;
  /** Sets the exit code of errors, because for these commands 1 is an answer. */
  readonly failWith: (code: number) => void;
  /** The words after the first `--`. */
  readonly behind: readonly string[];
}

/** Exit code for input that cannot be read or is not valid. */
const USAGE = 2;
const repeat = (value: string, before: string[] = []) => [...before, value];

interface Flags extends GlobalFlags {
  readonly filename?: string[];
  readonly group?: string[];
  readonly environment?: string;
}

/** Defines `kubectl sentinel policy …`. Exit code 2 is an error; 0, 1 and 3 are answers. */
export function definePolicy(program: Command, given: PolicyCommands): void {
  const { add, printable, io, terminal, open, exit, failWith, behind } = given;
  const policy = program.command('policy').description('Test, explain and compare policies');
  program.hook('preSubcommand', (_, command) => {
    if (command === policy) failWith(USAGE);
  });
  const flagsOf = <T>(command: Command) => command.optsWithGlobals<Flags & T>();
  const live = async (flags: GlobalFlags, work: (session: Session) => Promise<number>) => {
    const session = await open(flags);
    return await work(session).finally(() => session.close());
  };
  const guarded = (work: () => number | Promise<number>) => answered(work, terminal, exit);
  // `--as` is the identity that the question is about, not the identity for requests to the cluster.
  const sourcesOf = async (flags: Flags): Promise<{ sources: Sources; who: Sender }> => {
    const asker = { as: flags.as, groups: [...(flags.asGroup ?? []), ...(flags.group ?? [])], environment: flags.environment };
    if (flags.filename) {
      refuse(flags, ofCluster, 'files are read without a cluster');
      const sources = readFiles(flags.filename, flags.namespace);
      return { sources, who: { ...asker, namespace: flags.namespace ?? onlyNamespace(sources) } };
    }
    const { as: _, asGroup: __, asUid: ___, ...own } = flags;
    const session = await open(own);
    try {
      return { sources: await readCluster(session.client, session.namespace), who: { ...asker, namespace: session.namespace } };
    } finally {
      await session.close();
    }
  };
  const placedOf = async (flags: Flags): Promise<{ sources: Sources; who: Asker }> => {
    const { sources, who } = await sourcesOf(flags);
    return { sources, who: { ...who, namespace: placeOf(who, sources) } };
  };
  const fromFiles = (command: Command) =>
    command
      .option(
        '-f, --filename <path>',
        'file or folder with policies, - for stdin; default: the policies of the cluster; may be repeated',
        repeat,
      )
      .option('--environment <name>', 'the environment of the namespace; default: its label');
  const about = (command: Command) => fromFiles(command).option('--group <group>', 'a group of --as; may be repeated', repeat);

  printable(add(policy, 'test <files...>', 'Run the cases of files against the policies in them, without a cluster'))
    .option('--junit <file>', 'write the outcomes as JUnit XML')
    .action((files: string[], flags: { junit?: string }, command: Command) =>
      guarded(() => {
        const global = flagsOf(command);
        refuse(global, ofCluster, 'files are read without a cluster');
        refuse(global, ['namespace', ...ofAsker], 'each case says who asks and where');
        return testPolicies(files, { format: formatOf(global.output), junit: flags.junit }, terminal);
      }),
    );
  about(printable(add(policy, 'can-i [command...]', 'Ask what --as may do: exit code 0 yes, 1 no, 3 with an approval')))
    .option('--api <request>', "a request to the API: 'patch deployments.apps/web'")
    .option('--cluster-wide', 'the request of --api covers all namespaces')
    .option('--host <name>', 'a host')
    .option('--image <reference>', 'an image of a sandbox')
    .option('--tool <server-and-tool...>', 'an MCP server and a tool of it')
    .option('--model-endpoint <url>', 'the endpoint of a model')
    .option('--model <name>', 'a model of --model-endpoint')
    .option('--file <access-and-path>', "a file of a workspace: 'read PATH' or 'write PATH'")
    .option('--repository <name>', 'a repository')
    .option('--mode <mode>', 'Apply or DryRun; default for a change: Apply')
    .option('--at <time>', 'when, as RFC 3339: a freeze counts only for a question with a time')
    .option('--batch', 'read questions from stdin, one JSON a line, and answer one JSON a line')
    .action((argv: string[], flags: CanIFlags & { batch?: boolean }, command: Command) =>
      guarded(async () => {
        const global = flagsOf(command);
        const format = formatOf(global.output);
        // Options of the command would be parsed as options of can-i.
        if (argv.length !== behind.length)
          throw new UsageError('FlagRequired', `put the command after \`--\`: can-i [options] -- ${[...argv].join(' ')}`);
        if (flags.batch) {
          const defaults = defaultsOf({ ...flags, output: global.output }, argv);
          const { sources, who } = await sourcesOf(global);
          return await canIBatch(io.stdin, { ...who, ...defaults }, sources, terminal);
        }
        const { sources, who } = await placedOf(global);
        return canI(questionOf(flags, argv, who), sources, format, terminal);
      }),
    );
  fromFiles(
    printable(
      add(policy, 'lint [files...]', 'Find rules that do nothing, rules that allow everything, approvals that nobody could give'),
    ),
  ).action((files: string[], _, command: Command) =>
    guarded(async () => {
      const global = flagsOf(command);
      const format = formatOf(global.output);
      refuse(global, [...ofAsker, 'environment'], 'policies are the same for every requester');
      const { sources } = await sourcesOf(
        files.length > 0 ? { ...global, filename: [...files, ...(global.filename ?? [])] } : global,
      );
      return lint(sources, format, terminal);
    }),
  );
  about(
    printable(
      add(
        policy,
        'explain [action]',
        'Explain the state of an action, or with --effective the values that apply and where they come from',
      ),
    ),
  )
    .option('--effective', 'print every value that applies to --as in the namespace')
    .action((name: string | undefined, flags: { effective?: boolean }, command: Command) =>
      guarded(async () => {
        const global = flagsOf(command);
        const format = formatOf(global.output);
        if (flags.effective) {
          if (name !== undefined) throw new UsageError('FlagConflict', 'name an action, or pass --effective, not both');
          const { sources, who } = await placedOf(global);
          return effective(sources, who, format, terminal);
        }
        if (name === undefined) throw new UsageError('FlagRequired', 'name an action, or pass --effective');
        refuse(global, ['filename', 'group', 'environment'], 'an action is explained by the policies of its cluster');
        return await live(global, (session) => explainAction(session, name, format));
      }),
    );
  printable(add(policy, 'simulate', 'Evaluate past actions with changed policies and show what would differ'))
    .requiredOption('-f, --filename <path>', 'file or folder with changed policies; may be repeated', repeat)
    .action((flags: { filename: string[] }, command: Command) =>
      guarded(() => {
        const global = flagsOf(command);
        const format = formatOf(global.output);
        return live(global, (session) => simulate(session, flags.filename, format));
      }),
    );
  about(
    printable(
      add(policy, 'worst-case', 'Show the most harmful action that starts without a person, and what passes with people'),
    ),
  )
    .option('--fail-above <risk>', 'exit with 1 when its risk is above this (None: any): a gate for CI')
    .option('--unattended', 'look only at what starts without a person')
    .action((flags: WorstCaseFlags, command: Command) =>
      guarded(async () => {
        const global = flagsOf(command);
        const format = formatOf(global.output);
        const { sources, who } = await placedOf(global);
        return worstCase(sources, who, flags, format, terminal);
      }),
    );
}

const ofCluster = [
  'context',
  'kubeconfig',
  'cluster',
  'user',
  'server',
  'token',
  'certificateAuthority',
  'clientCertificate',
  'clientKey',
  'insecureSkipTlsVerify',
  'tlsServerName',
  'asUid',
  'requestTimeout',
] as const;
const ofAsker = ['as', 'asGroup'] as const;

// A flag that is accepted and ignored is misleading.
function refuse(flags: Flags, keys: readonly (keyof Flags)[], why: string): void {
  const stray = keys.find((key) => flags[key] !== undefined);
  if (stray !== undefined)
    throw new UsageError('FlagConflict', `leave out --${stray.replace(/[A-Z]/g, '-$&').toLowerCase()}: ${why}`);
}

// Faults in files are printed as a list.
async function answered(work: () => number | Promise<number>, io: Terminal, exit: (code: number) => void): Promise<void> {
  try {
    exit(await work());
  } catch (error) {
    if (error instanceof FaultsError) for (const line of error.lines) io.error(visible(line));
    throw error;
  }
}

const namespacesOf = ({ namespaces, policies }: Sources): string[] => [
  ...new Set([...namespaces.keys(), ...policies.map(({ metadata }) => metadata.namespace ?? '')]),
];

// If the files name only one namespace, that is the default. If they name several, there is no default.
function onlyNamespace(sources: Sources): string | undefined {
  const [found = 'default', ...more] = namespacesOf(sources);
  return more.length > 0 ? undefined : found;
}

function placeOf({ namespace }: Sender, sources: Sources): string {
  if (namespace !== undefined) return namespace;
  throw new UsageError('FlagRequired', `-n is required: the files hold ${namespacesOf(sources).join(', ')}`);
}
