import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Format, raw } from '../../print/raw.ts';
import { visible } from '../../print/visible.ts';
import type { Terminal } from '../../session.ts';
import { UsageError } from '../../usage-error.ts';
import { type Answer, answer, Question } from './question.ts';
import type { Sources } from './sources.ts';

/** Exit codes of `policy can-i`. */
export const CODES = { Allow: 0, Deny: 1, RequireApproval: 3 } as const;

/** Flags of `policy can-i` that say what is asked. */
export interface CanIFlags {
  readonly api?: string;
  readonly host?: string;
  readonly image?: string;
  readonly tool?: string[];
  readonly readFile?: string;
  readonly writeFile?: string;
  readonly repository?: string;
  readonly environment?: string;
}

/** The question that flags and arguments ask. Throws UsageError when it is none, or more than one. */
export function questionOf(
  flags: CanIFlags,
  argv: readonly string[],
  who: { as?: string | undefined; groups: string[]; namespace: string },
): Question {
  if (who.as === undefined)
    throw new UsageError('who asks? Say it with --as, such as --as system:serviceaccount:shop:repair-agent');
  const [server, tool] = flags.tool ?? [];
  if (flags.tool && (server === undefined || tool === undefined)) throw new UsageError('--tool takes the server and the tool');
  const parsed = Question.safeParse({
    as: who.as,
    groups: who.groups,
    namespace: who.namespace,
    environment: flags.environment,
    command: argv.length > 0 ? argv : undefined,
    api: flags.api === undefined ? undefined : apiOf(flags.api),
    host: flags.host,
    image: flags.image,
    tool: flags.tool && { server, tool },
    file:
      flags.readFile !== undefined
        ? { access: 'read', path: flags.readFile }
        : flags.writeFile !== undefined
          ? { access: 'write', path: flags.writeFile }
          : undefined,
    repository: flags.repository,
  });
  if (!parsed.success)
    throw new UsageError(
      'ask one thing: a command after `--`, or one of --api, --host, --image, --tool, --read-file, --write-file, --repository',
    );
  return parsed.data;
}

// As people write it: `patch deployments.apps/web`, `get pods/log.`; the group stands behind the resource.
function apiOf(text: string): object {
  const [verb = '', target = ''] = text.trim().split(/\s+/);
  const match = /^([a-z0-9-]+)(?:\.([a-z0-9.-]*))?(?:\/(.+))?$/.exec(target);
  if (!match) throw new UsageError(`--api takes 'VERB RESOURCE.GROUP/NAME', such as 'patch deployments.apps/web', not '${text}'`);
  const [, resource, apiGroup = '', rest] = match;
  const subresources = new Set(['scale', 'log', 'status', 'exec', 'eviction', 'attach', 'portforward', 'proxy']);
  if (rest !== undefined && subresources.has(rest)) return { verb, apiGroup, resource: `${resource}/${rest}` };
  return { verb, apiGroup, resource, ...(rest === undefined ? {} : { name: rest }) };
}

/** Asks one question and says the answer; the exit code says it to scripts. */
export function canI(question: Question, sources: Sources, format: Format, io: Terminal): number {
  const given = answer(question, sources);
  if (format) io.out(raw({ question, ...given }, format));
  else io.out(inWords(given));
  return CODES[given.decision];
}

/** An answer for a person. */
export function inWords({ decision, because, commands }: Answer): string {
  const heading = { Allow: 'yes', RequireApproval: 'with the approval of a person', Deny: 'no' }[decision];
  const found = commands && commands.length > 1 ? [`  it runs: ${commands.map(visible).join('; ')}`] : [];
  const rules = because
    .filter((one) => one.decision === decision)
    .flatMap(({ policy, rule, message, remedy }) => [
      `  ${visible(message)} (${visible(policy)}: ${visible(rule)})`,
      ...(remedy && decision !== 'Allow' ? [`    ${visible(remedy)}`] : []),
    ]);
  return [heading, ...found, ...rules].join('\n');
}

/** Answers questions, one JSON a line. A line that is no question is answered with an error, and the next is read. */
export async function canIBatch(input: Readable, sources: Sources, io: Terminal): Promise<number> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    io.out(JSON.stringify(answerLine(line, sources)));
  }
  return 0;
}

function answerLine(line: string, sources: Sources): object {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: 'this is no JSON' };
  }
  const question = Question.safeParse(value);
  if (question.success) return answer(question.data, sources);
  return {
    error: question.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; '),
  };
}
