import type { AgentActionStatus, EvidenceStep } from '@sentinel/crds';
import { dataHandling } from '@sentinel/policy';
import { stepsOf } from '../../facts/facts.ts';
import { type ActContext, LOG_RETRY_MS, type Pass } from '../context.ts';
import { collectLogs } from './collect-logs.ts';
import { logFailures, storeStageEvidence, withEvidence } from './store-evidence.ts';

/** How long reading the logs of a stage that is stopped may take: its pod has five seconds to end. */
const STOP_READ_MS = 5_000;
/** The maximum size of a result in the status, without its title. */
const OUTPUT_MAX = 15 * 1024;
const OUTPUT_STEPS = 8;
const OUTPUT_NAME = 'evidence-';

/** The reading of logs that has begun. One of the functions must be called. */
export interface StopEvidence {
  /** Waits for the logs, some seconds at most, and keeps them in the draft of this reconcile and in the evidence store. */
  readonly keep: () => Promise<void>;
  /** Reads no further, and keeps nothing. */
  readonly abandon: () => void;
}

const NOTHING: StopEvidence = { keep: async () => undefined, abandon: () => undefined };

/** Begins to read the logs of the current stage, which are deleted with its pod. Returns at once. */
export function beginStopEvidence(context: ActContext, pass: Pass, keepsOutput: boolean): StopEvidence {
  const { facts, action } = pass;
  const { stage, job } = facts;
  const isStored = stage?.evidence !== undefined || stage?.evidenceMissing !== undefined;
  if (stage === undefined || job?.podName === undefined || isStored) return NOTHING;
  if (context.evidence === undefined && !keepsOutput) return NOTHING;
  const endTurn = context.logTurns.tryTake(action.metadata.namespace ?? '');
  // Tried again while the pod ends. If it is gone by then, the end of the stage says that its logs are missing.
  if (endTurn === undefined) {
    pass.againAfterMs = LOG_RETRY_MS;
    return NOTHING;
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(STOP_READ_MS)]);
  const steps = (stepsOf(facts, stage.stage) ?? []).map((name) => ({ name }));
  const onFailure = logFailures(context, pass);
  const reading = collectLogs(context.client, job.podName, steps, dataHandling(facts.policies), { signal, onFailure }).finally(
    endTurn,
  );
  // Nobody waits for it before the Job is deleted, and an error is for those who do.
  reading.catch(() => undefined);
  return {
    abandon: () => stop.abort(),
    keep: async () => {
      const logs = await reading;
      if (keepsOutput) keepOutput(pass, stage.stage, logs);
      if (context.evidence === undefined) return;
      const stored = await storeStageEvidence(context, pass, stage, logs, []);
      const { draft } = pass;
      draft.stages = (draft.stages ?? []).map((one) => (one.uid === stage.uid ? withEvidence(one, stored) : one));
    },
  };
}

// The last output of the steps. A later reconcile that can read none of it does not replace what an earlier one kept.
function keepOutput({ draft }: Pass, stage: string, logs: readonly EvidenceStep[]): void {
  const results: NonNullable<AgentActionStatus['results']> = logs.slice(-OUTPUT_STEPS).flatMap(({ name, log }, index) =>
    log
      ? [
          {
            name: `${OUTPUT_NAME}${index}`,
            mediaType: 'text/plain',
            content: `${stage}, step '${name}':\n${log.slice(-OUTPUT_MAX)}`,
          },
        ]
      : [],
  );
  if (results.length > 0 || !draft.results?.some(({ name }) => name.startsWith(OUTPUT_NAME))) draft.results = results;
}
