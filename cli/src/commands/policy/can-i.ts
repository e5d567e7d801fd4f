import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Terminal } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { escapeHostile, visible } from '../../terminal/visible.ts';
import { UsageError } from '../../usage-error.ts';
import { autonomyInWords } from './evaluate/autonomy-of-request.ts';
import { type Answer, answer } from './evaluate/judge.ts';
import { needsInWords } from './evaluate/reason.ts';
import { Moment, Question } from './input/question.ts';
import type { Sources } from './input/sources.ts';

/** Exit codes of `policy can-i`. */
export const CODES = { Allow: 0, Deny: 1, RequireApproval: 3 } as const;

/** Flags of `policy can-i` that define the question. */
export interface CanIFlags {
  readonly api?: string;
  readonly clusterWide?: boolean;
  readonly host?: string;
  readonly image?: string;
  readonly tool?: string[];
  readonly modelEndpoint?: string;
  readonly model?: string;
  readonly file?: string;
  readonly repository?: string;
  readonly environment?: string;
  readonly mode?: string;
  readonly at?: string;
}

/** Defaults for a question: the identity and the place. */
export interface Asker {
  readonly as?: string | undefined;
  readonly groups: readonly string[];
  readonly namespace: string;
  readonly environment?: string | undefined;
}

/** The same, if each question may name its own namespace. */
export type Sender = Omit<Asker, 'namespace'> & { readonly namespace: string | undefined };

// Flags that belong to one question and cannot apply to a whole batch.
const ofOne = [
  ['api', '--api'],
  ['clusterWide', '--cluster-wide'],
  ['host', '--host'],
  ['image', '--image'],
  ['tool', '--tool'],
  ['modelEndpoint', '--model-endpoint'],
  ['model', '--model'],
  ['file', '--file'],
  ['repository', '--repository'],
] as const;

/** Defaults for the lines of a batch. Throws UsageError for flags that define a question themselves. */
export function defaultsOf(flags: CanIFlags & { readonly output?: string | undefined }, argv: readonly string[]): BatchDefaults {
  const stray = ofOne.find(([key]) => flags[key] !== undefined)?.[1] ?? (argv.length > 0 ? 'a command' : undefined);
  if (stray !== undefined) throw new UsageError('FlagConflict', `--batch reads its questions from stdin: leave out ${stray}`);
  if (flags.output !== undefined && flags.output !== 'json')
    throw new UsageError('FlagConflict', `--batch answers one JSON a line: leave out -o ${flags.output}`);
  const { mode, at } = flags;
  const parsed = Moment.safeParse({ mode, at });
  if (!parsed.success) throw new UsageError('FlagInvalid', faultsOf(parsed.error));
  return { ...(mode === undefined ? {} : { mode }), ...(at === undefined ? {} : { at }) };
}

/** The defaults of a batch from its flags. */
export interface BatchDefaults {
  readonly mode?: string;
  readonly at?: string;
}

/** Reads the question from flags and arguments. Throws UsageError if there is no question, or more than one. */
export function questionOf(flags: CanIFlags, argv: readonly string[], who: Asker): Question {
  if (who.as === undefined)
    throw new UsageError('FlagRequired', '--as is required, such as --as system:serviceaccount:shop:repair-agent');
  const [server, tool, ...more] = flags.tool ?? [];
  if (flags.tool && (server === undefined || tool === undefined || more.length > 0))
    throw new UsageError(
      'FlagInvalid',
      '--tool takes the server and the tool, such as --tool https://mcp.example.com/tickets search',
    );
  if (flags.model !== undefined && flags.modelEndpoint === undefined)
    throw new UsageError(
      'FlagRequired',
      '--model needs the endpoint too, such as --model-endpoint https://models.example.com/v1 --model small',
    );
  const model = flags.modelEndpoint === undefined ? undefined : { url: flags.modelEndpoint, name: flags.model };
  const { host, image, repository, mode, at } = flags;
  const api = flags.api === undefined ? undefined : { ...apiOf(flags.api), clusterWide: flags.clusterWide };
  const file = flags.file === undefined ? undefined : fileOf(flags.file);
  const command = argv.length > 0 ? argv : undefined;
  const what = { command, api, host, image, tool: flags.tool && { server, tool }, model, file, repository };
  if (Object.values(what).filter((one) => one !== undefined).length !== 1)
    throw new UsageError(
      'FlagRequired',
      'ask one thing: a command after `--`, or one of --api, --host, --image, --tool, --model-endpoint, --file, --repository',
    );
  const parsed = Question.safeParse({
    ...what,
    as: who.as,
    groups: who.groups,
    namespace: who.namespace,
    environment: who.environment,
    mode,
    at,
  });
  if (!parsed.success) throw new UsageError('FlagInvalid', faultsOf(parsed.error));
  return parsed.data;
}

const faultsOf = (error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string =>
  error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');

// The usual form: `patch deployments.apps/web`, `get pods/log`; the group follows the resource.
function apiOf(text: string): object {
  const [verb = '', target = '', ...more] = text.trim().split(/\s+/);
  const match = /^([a-z0-9-]+)(?:\/([a-z]+)(?=\.))?(?:\.([a-z0-9.-]+))?(?:\/(.+))?$/.exec(target);
  if (!match || more.length > 0)
    throw new UsageError(
      'FlagInvalid',
      `--api takes 'VERB RESOURCE.GROUP/NAME', such as 'patch deployments.apps/web', not '${text}'`,
    );
  const [, resource, sub, apiGroup = '', rest] = match;
  if (sub !== undefined) return { verb, apiGroup, resource: `${resource}/${sub}`, ...(rest === undefined ? {} : { name: rest }) };
  const [first = '', second, ...others] = rest?.split('/') ?? [];
  if (others.length > 0)
    throw new UsageError(
      'FlagInvalid',
      `--api: '${target}' has too many parts; the longest form is RESOURCE.GROUP/NAME/SUBRESOURCE`,
    );
  if (second !== undefined) return { verb, apiGroup, resource: `${resource}/${second}`, name: first };
  if (subresources.has(first)) return { verb, apiGroup, resource: `${resource}/${first}` };
  return { verb, apiGroup, resource, ...(rest === undefined ? {} : { name: rest }) };
}

const subresources = new Set([
  'scale',
  'log',
  'status',
  'exec',
  'eviction',
  'attach',
  'portforward',
  'proxy',
  'token',
  'ephemeralcontainers',
]);

function fileOf(text: string): object {
  const [, access, path] = /^(read|write)[ :](.+)$/.exec(text) ?? [];
  if (access === undefined) throw new UsageError('FlagInvalid', `--file takes 'read PATH' or 'write PATH', not '${text}'`);
  return { access, path };
}

/** Answers one question; the exit code is the answer for scripts. */
export function canI(question: Question, sources: Sources, format: Format, io: Terminal): number {
  const given = answer(question, sources);
  if (format) io.out(raw({ question, ...given }, format));
  else io.out(inWords(given));
  return CODES[given.decision];
}

/** An answer for a person. */
export function inWords({ decision, because, commands, allowed, needs, autonomy }: Answer): string {
  const heading = { Allow: 'yes', RequireApproval: 'with the approval of a person', Deny: 'no' }[decision];
  const found =
    commands && commands.length > 1 ? [`  it runs: ${commands.map(({ command }) => visible(command)).join('; ')}`] : [];
  const rules = because
    .filter((one) => one.decision === decision)
    .flatMap(({ policy, rule, message, remedy }) => [
      `  ${visible(message)} (${visible(policy)}: ${visible(rule)})`,
      ...(remedy && decision !== 'Allow' ? [`    ${visible(remedy)}`] : []),
    ]);
  const people = needs ? [`  needs: ${visible(needsInWords(needs))}`, ...autonomyInWords(autonomy)] : [];
  const instead =
    decision === 'Deny' && allowed?.length ? ['  allowed is:', ...allowed.map((line) => `    ${visible(line)}`)] : [];
  return [heading, ...found, ...rules, ...people, ...instead].join('\n');
}

/**
 * Answers questions, one JSON object per line. Defaults for `as`, `groups`, `namespace`, `environment`, `mode` and `at` come from the
 * flags. A line that is not a valid question is answered with an error, and the next line is read. The answer contains the `id` of its question.
 */
export async function canIBatch(input: Readable, who: Sender & BatchDefaults, sources: Sources, io: Terminal): Promise<number> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    // raw() breaks lines; here one line is one answer.
    io.out(escapeHostile(JSON.stringify(answerLine(line, who, sources)), escaped));
  }
  return 0;
}

const MAX_LINE = 1_000_000;

function answerLine(
  line: string,
  { as, groups, namespace, environment, mode, at }: Sender & BatchDefaults,
  sources: Sources,
): object {
  if (line.length > MAX_LINE) return { error: `the line is longer than ${MAX_LINE} characters` };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: 'this is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: 'a question is a JSON object' };
  const { id } = value as { id?: unknown };
  const known = typeof id === 'string' || typeof id === 'number' ? { id } : {};
  if (namespace === undefined && !('namespace' in value))
    return { ...known, error: '-n or `namespace` is required: the files hold several namespaces' };
  const question = Question.safeParse({
    namespace,
    ...(environment === undefined ? {} : { environment }),
    ...(mode === undefined ? {} : { mode }),
    ...(at === undefined ? {} : { at }),
    ...(as === undefined || 'as' in value ? {} : { as, groups }),
    ...value,
  });
  if (!question.success) return { ...known, error: faultsOf(question.error) };
  try {
    return { ...known, ...answer(question.data, sources) };
  } catch (error) {
    return { ...known, error: error instanceof Error ? error.message : String(error) };
  }
}

const escaped = (code: number): string =>
  [...Array(String.fromCodePoint(code).length).keys()]
    .map((at) => `\\u${String.fromCodePoint(code).charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
