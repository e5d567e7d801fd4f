import { RiskLevel } from '@sentinel/crds';
import type { Command } from 'commander';
import { formatOf, raw } from '../../print/raw.ts';
import { table } from '../../print/table.ts';
import { visible } from '../../print/visible.ts';
import type { GlobalFlags, Io, Session, Terminal } from '../../session.ts';
import { UsageError } from '../../usage-error.ts';
import { type CanIFlags, canI, canIBatch, questionOf } from './can-i.ts';
import { effectiveValues } from './effective.ts';
import { explainAction, simulate } from './explain.ts';
import { lintPolicies } from './lint.ts';
import { policiesFor, readCluster, readFiles, type Sources } from './sources.ts';
import { testPolicies } from './test.ts';
import { isAbove, worstCases } from './worst-case.ts';

/** What the commands about policies need from the program that they are part of. */
export interface PolicyCommands {
  readonly add: (parent: Command, usage: string, description: string) => Command;
  readonly printable: (command: Command) => Command;
  readonly io: Io;
  readonly terminal: Terminal;
  /** Opens a session with the cluster; for what is asked of files none is needed. */
  readonly open: (flags: GlobalFlags) => Session;
  readonly exit: (code: number) => void;
}

const FILES = '-f, --file <path>';
const repeat = (value: string, before: string[] = []) => [...before, value];

/** Defines `kubectl sentinel policy …`. */
export function definePolicy(program: Command, { add, printable, io, terminal, open, exit }: PolicyCommands): void {
  const policy = program.command('policy').description('Test, explain and compare policies');
  const flagsOf = (command: Command) => command.optsWithGlobals<GlobalFlags & { file?: string[] }>();
  const within = async (flags: GlobalFlags, work: (session: Session) => Promise<number>) => {
    const session = open(flags);
    exit(await work(session).finally(() => session.close()));
  };
  // Whom the question is about is not whom the cluster is asked as.
  const sourcesOf = async (flags: GlobalFlags & { file?: string[] }): Promise<{ sources: Sources; namespace: string }> => {
    if (flags.file) return { sources: readFiles(flags.file), namespace: flags.namespace ?? 'default' };
    const { as: _, asGroup: __, ...own } = flags;
    const session = open(own);
    try {
      return { sources: await readCluster(session.client, session.namespace), namespace: session.namespace };
    } finally {
      await session.close();
    }
  };
  printable(add(policy, 'test <files...>', 'Run the cases of files against the policies in them, without a cluster'))
    .option('--junit <file>', 'write the outcomes as JUnit XML')
    .action((files: string[], flags: { junit?: string }, command: Command) =>
      exit(testPolicies(files, { format: formatOf(flagsOf(command).output), junit: flags.junit }, terminal)),
    );
  printable(add(policy, 'can-i [command...]', 'Ask what somebody may do: exit code 0 yes, 1 no, 3 with an approval'))
    .option(FILES, 'policies; those of the cluster when left out; may be repeated', repeat)
    .option('--api <request>', "a request to the API: 'patch deployments.apps/web'")
    .option('--host <name>', 'a host')
    .option('--image <reference>', 'an image of a sandbox')
    .option('--tool <server-and-tool...>', 'an MCP server and a tool of it')
    .option('--read-file <path>', 'a file of a workspace')
    .option('--write-file <path>', 'a file of a workspace')
    .option('--repository <name>', 'a repository')
    .option('--environment <name>', 'the environment of the namespace')
    .option('--batch', 'read questions from stdin, one JSON a line, and answer one JSON a line')
    .action(async (argv: string[], flags: CanIFlags & { batch?: boolean }, command: Command) => {
      const global = flagsOf(command);
      const { sources, namespace } = await sourcesOf(global);
      if (flags.batch) return exit(await canIBatch(io.stdin, sources, terminal));
      const question = questionOf(flags, argv, { as: global.as, groups: global.asGroup ?? [], namespace });
      exit(canI(question, sources, formatOf(global.output), terminal));
    });
  printable(
    add(policy, 'lint [files...]', 'Find dead and shadowed rules, rules that allow everything, approvals that nobody could give'),
  ).action(async (files: string[], _, command: Command) => {
    const global = flagsOf(command);
    const { sources } = await sourcesOf(files.length > 0 ? { ...global, file: files } : global);
    const found = lintPolicies(sources, terminal.now());
    const format = formatOf(global.output);
    if (format) terminal.out(raw(found, format));
    else if (found.length === 0) terminal.out('Nothing found.');
    else
      terminal.out(
        table(
          ['LEVEL', 'POLICY', 'FIELD', 'WHAT'],
          found.map(({ level, policy, path, message }) => [level, policy, path, message]),
        ),
      );
    exit(found.some(({ level }) => level === 'error') ? 1 : 0);
  });
  printable(
    add(
      policy,
      'explain [action]',
      'Say why an action is where it is, or with --effective which values hold and where they come from',
    ),
  )
    .option('--effective', 'every value that holds for --as in the namespace')
    .option(FILES, 'policies; those of the cluster when left out; may be repeated', repeat)
    .action(async (name: string | undefined, flags: { effective?: boolean }, command: Command) => {
      const global = flagsOf(command);
      if (!flags.effective) {
        if (name === undefined) throw new UsageError('name an action, or pass --effective');
        return await within(global, (session) => explainAction(session, name, formatOf(global.output)));
      }
      const { sources, namespace } = await sourcesOf(global);
      exit(showEffective(sources, global, namespace, terminal));
    });
  printable(add(policy, 'simulate', 'Judge past actions by changed policies and say what would differ'))
    .requiredOption(FILES, 'changed policies; may be repeated', repeat)
    .action((flags: { file: string[] }, command: Command) => {
      const global = flagsOf(command);
      return within(global, (session) => simulate(session, flags.file, formatOf(global.output)));
    });
  printable(add(policy, 'worst-case', 'Show the most harmful change that policies let through, and what it takes'))
    .option(FILES, 'policies; those of the cluster when left out; may be repeated', repeat)
    .option('--environment <name>', 'the environment of the namespace')
    .option('--fail-above <risk>', 'exit with 1 when it is above this risk: a gate for CI')
    .action(async (flags: { environment?: string; failAbove?: string }, command: Command) => {
      const global = flagsOf(command);
      const { sources, namespace } = await sourcesOf(global);
      exit(showWorstCase(sources, { ...flags, ...global }, namespace, terminal));
    });
}

function showEffective(sources: Sources, flags: GlobalFlags, namespace: string, io: Terminal): number {
  const set = policiesFor(sources, whoOf(flags), namespace);
  const values = effectiveValues(set);
  const format = formatOf(flags.output);
  if (format) io.out(raw({ values, refusals: set.refusals }, format));
  else {
    io.out(
      table(
        ['FIELD', 'VALUE', 'FROM'],
        values.map(({ field, value, from }) => [field, value, from]),
      ),
    );
    for (const { message } of set.refusals) io.out(`refused: ${visible(message)}`);
  }
  return 0;
}

function showWorstCase(
  sources: Sources,
  flags: GlobalFlags & { environment?: string; failAbove?: string },
  namespace: string,
  io: Terminal,
): number {
  const bound = flags.failAbove === undefined ? undefined : RiskLevel.safeParse(flags.failAbove);
  if (bound && !bound.success) throw new UsageError(`--fail-above takes ${RiskLevel.options.join(', ')}`);
  const set = policiesFor(sources, whoOf(flags), namespace, flags.environment);
  const [worst] = worstCases(set, namespace);
  const format = formatOf(flags.output);
  if (format) io.out(raw(worst ?? null, format));
  else if (!worst) io.out('The policies let no change through.');
  else {
    const { effect, risk, approvals, groups } = worst;
    const group = effect.apiGroup === '' ? '' : `.${effect.apiGroup}`;
    io.out(
      `${effect.verb} ${effect.resource}${group} in namespace '${visible(namespace)}': risk ${risk}, with ${approvals} approval(s)${groups ? ` from ${visible(groups.join(' or '))}` : ''}`,
    );
    io.out('Nothing passes without a person.');
  }
  return worst && bound?.success && isAbove(worst.risk, bound.data) ? 1 : 0;
}

function whoOf(flags: GlobalFlags) {
  if (flags.as === undefined)
    throw new UsageError('who asks? Say it with --as, such as --as system:serviceaccount:shop:repair-agent');
  return { user: flags.as, groups: flags.asGroup ?? [] };
}
