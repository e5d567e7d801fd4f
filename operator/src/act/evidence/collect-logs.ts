import { type EvidenceStep, namespaces } from '@sentinel/crds';
import { ApiError, type KubeClient } from '@sentinel/kube';
import { type DataHandling, keepLongText, stepContainer } from '@sentinel/policy';

/** How much of the log of one step is kept, and of all steps of a stage together, in bytes. */
const STEP_BYTES = 1024 * 1024;
const STAGE_BYTES = 2 * 1024 * 1024;
/** How much they may take in a request, where a control character takes six bytes: no step can print so that evidence is refused. */
const REQUEST_BYTES = 12 * 1024 * 1024;
/** How much more is read than kept, so that a secret at the cut is seen whole before it is masked. */
const OVERLAP = 8 * 1024;
/** Of a longer log, its last lines are kept as well: an error is mostly there. */
const TAIL = { tailLines: 400, limitBytes: 128 * 1024 };
/** How many of these lines are left out: a secret of several lines may have begun before them. */
const TAIL_DROPPED = 50;

/** How long reading the logs of a stage may take, so that a node that does not answer holds up no rollback. What is read by then is kept. */
export const READ_MS = 20_000;

/** Said of a step whose container never started. It printed nothing, so nothing is missing. */
export const NOT_STARTED = 'the step did not start';

/** A step, with its exit code if it has ended. */
export interface EndedStep {
  readonly name: string;
  readonly exitCode?: number | undefined;
}

export interface CollectOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Called with what went wrong for a step, for the log of the operator: messages of the API server name nodes. */
  readonly onFailure?: (step: string, error: unknown) => void;
}

/**
 * The logs of the steps of a pod, as policy lets them be kept. Never rejects: where a log, or a part of it, cannot be read, `missing` says
 * why.
 */
export async function collectLogs(
  client: Pick<KubeClient, 'logs'>,
  pod: string,
  steps: readonly EndedStep[],
  handling: DataHandling,
  { signal = AbortSignal.timeout(READ_MS), onFailure = () => undefined }: CollectOptions = {},
): Promise<EvidenceStep[]> {
  const most = Math.min(STEP_BYTES, Math.floor(STAGE_BYTES / Math.max(1, steps.length)));
  const share = Math.floor(REQUEST_BYTES / Math.max(1, steps.length));
  const read: RawLog[] = [];
  // All of them are read before the first is masked, which takes long: the pod may be about to go. One after the other, so that an API
  // server that does not answer takes one connection of each stage.
  for (const { name } of steps)
    read.push(handling.logs === 'Dropped' ? {} : await readLog(client, pod, name, handling, most, signal, onFailure));
  const collected: EvidenceStep[] = [];
  for (const [index, { name, exitCode }] of steps.entries()) {
    const kept = withinShare(await keepLog(read[index] ?? {}, handling, most), share);
    collected.push({ name, ...(exitCode === undefined ? {} : { exitCode }), ...kept });
  }
  return collected;
}

/** What is missing of the logs of steps and why, as one sentence; undefined if nothing is. */
export function describeMissing(steps: readonly EvidenceStep[]): string | undefined {
  const parts = steps.flatMap(({ name, missing }) =>
    missing === undefined || missing === NOT_STARTED ? [] : [`the log of step '${name}' is not complete: ${missing}`],
  );
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** A log as it was read, which nobody but this module may see. */
interface RawLog {
  readonly head?: string;
  readonly tail?: string;
  readonly missing?: string;
}

async function readLog(
  client: Pick<KubeClient, 'logs'>,
  pod: string,
  step: string,
  handling: DataHandling,
  most: number,
  signal: AbortSignal,
  onFailure: (step: string, error: unknown) => void,
): Promise<RawLog> {
  const read = (options: { limitBytes: number; tailLines?: number }) =>
    client.logs(namespaces.sandboxes, pod, stepContainer(step), { ...options, signal });
  let head: string | undefined;
  try {
    head = await read({ limitBytes: most + OVERLAP });
    if (handling.logs === 'Hashed' || !isLonger(head, most)) return { head };
    return { head, tail: await read(TAIL) };
  } catch (error) {
    const missing = whyUnread(error, signal);
    if (missing !== NOT_STARTED) onFailure(step, error);
    return head === undefined ? { missing } : { head, missing: `its last lines: ${missing}` };
  }
}

const isLonger = (head: string, most: number) => Buffer.byteLength(head) >= most + OVERLAP;

// Not the message of the error: it names addresses of nodes, and the readers of evidence are tenants.
function whyUnread(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'the node or the API server did not answer in time';
  if (!(error instanceof ApiError)) return 'the API server could not be asked';
  if (error.status === 400 && /is waiting to start|ContainerCreating|PodInitializing/.test(error.message)) return NOT_STARTED;
  if (error.status === 404) return 'its pod is gone';
  return `the API server answered ${error.status}`;
}

type Kept = Pick<EvidenceStep, 'log' | 'truncated' | 'missing'>;

// Masked before it is cut, because a cut may remove what identifies a secret.
async function keepLog({ head, tail, missing }: RawLog, handling: DataHandling, most: number): Promise<Kept> {
  const why = missing === undefined ? {} : { missing };
  const kept = head === undefined ? undefined : await keepLongText('logs', handling, head);
  if (head === undefined || kept === undefined) return why;
  if (!isLonger(head, most)) return { log: kept.toWellFormed(), ...why };
  if (handling.logs === 'Hashed') return { log: kept, truncated: true };
  const last = tail === undefined ? '' : ((await keepLongText('logs', handling, tail)) ?? '');
  // Long lines are cut at their end as well, which may be in a secret.
  const whole = tail === undefined || Buffer.byteLength(tail) < TAIL.limitBytes ? last : withoutEnd(last);
  const note = `[the log is longer: about ${most} bytes of its beginning and its last lines are kept]`;
  const log = `${withoutEnd(kept)}\n${note}\n${whole.split('\n').slice(TAIL_DROPPED).join('\n')}`;
  return { log: log.toWellFormed(), truncated: true, ...why };
}

// What was read too much is left out, and the line that it begins in.
function withoutEnd(text: string): string {
  const cut = text.slice(0, Math.max(0, text.length - OVERLAP));
  const line = cut.lastIndexOf('\n');
  return line > cut.length / 2 ? cut.slice(0, line) : cut;
}

// What is cut here is masked already, so no part of a secret is left.
function withinShare(kept: Kept, most: number): Kept {
  let log = kept.log ?? '';
  if (Buffer.byteLength(JSON.stringify(log)) <= most) return kept;
  while (Buffer.byteLength(JSON.stringify(log)) > most) log = log.slice(0, Math.floor(log.length / 2));
  return {
    ...kept,
    log: `${log}\n[the rest is left out: it has too many characters that are not printable]`.toWellFormed(),
    truncated: true,
  };
}
