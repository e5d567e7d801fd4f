import { type EvidenceStep, namespaces } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
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
const READ_MS = 20_000;

/** A step, with its exit code if it has ended. */
export interface EndedStep {
  readonly name: string;
  readonly exitCode?: number | undefined;
}

/**
 * The logs of the steps of a pod, as policy lets them be kept. A log that cannot be read is left out, for example because its step never
 * started.
 */
export async function collectLogs(
  client: Pick<KubeClient, 'logs'>,
  pod: string,
  steps: readonly EndedStep[],
  handling: DataHandling,
): Promise<EvidenceStep[]> {
  const most = Math.min(STEP_BYTES, Math.floor(STAGE_BYTES / Math.max(1, steps.length)));
  const share = Math.floor(REQUEST_BYTES / Math.max(1, steps.length));
  const collected: EvidenceStep[] = [];
  const signal = AbortSignal.timeout(READ_MS);
  // One after the other: side by side, the logs of all of them would be in memory before they are cut.
  for (const { name, exitCode } of steps) {
    const kept: Kept =
      handling.logs === 'Dropped' ? {} : await readLog(client, pod, name, handling, most, signal).catch((): Kept => ({}));
    collected.push({ name, ...(exitCode === undefined ? {} : { exitCode }), ...withinShare(kept, share) });
  }
  return collected;
}

type Kept = Pick<EvidenceStep, 'log' | 'truncated'>;

async function readLog(
  client: Pick<KubeClient, 'logs'>,
  pod: string,
  step: string,
  handling: DataHandling,
  most: number,
  signal: AbortSignal,
): Promise<Kept> {
  const read = (options: { limitBytes: number; tailLines?: number }) =>
    client.logs(namespaces.sandboxes, pod, stepContainer(step), { ...options, signal });
  const head = await read({ limitBytes: most + OVERLAP });
  // Masked before it is cut, because a cut may remove what identifies a secret.
  const kept = await keepLongText('logs', handling, head);
  if (kept === undefined) return {};
  if (Buffer.byteLength(head) < most + OVERLAP) return { log: kept.toWellFormed() };
  if (handling.logs === 'Hashed') return { log: kept, truncated: true };
  const last = await read(TAIL);
  const tail = (await keepLongText('logs', handling, last)) ?? '';
  // Long lines are cut at their end as well, which may be in a secret.
  const whole = Buffer.byteLength(last) < TAIL.limitBytes ? tail : withoutEnd(tail);
  const note = `[the log is longer: about ${most} bytes of its beginning and its last lines are kept]`;
  const log = `${withoutEnd(kept)}\n${note}\n${whole.split('\n').slice(TAIL_DROPPED).join('\n')}`;
  return { log: log.toWellFormed(), truncated: true };
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
    log: `${log}\n[the rest is left out: it has too many characters that are not printable]`.toWellFormed(),
    truncated: true,
  };
}
