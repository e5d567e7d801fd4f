import { digestOf, type Effect, type ObservedEffect } from '@sentinel/crds';
import { type DataHandling, keepDiffs } from '@sentinel/policy';
import type { Ledger } from '../ledger/store.ts';
import type { Run } from '../run/run.ts';

/**
 * What a rehearsal found, as the gateway keeps it in its own ledger from the first time that the operator asks. The operator makes the
 * plan from it, and in the real run the gateway believes this, not what the operator made of it.
 */
export interface SealedRecording {
  readonly action: { readonly namespace: string; readonly name: string; readonly uid: string; readonly generation: number };
  readonly job: string;
  readonly account: string;
  /** The effects in full, for the risk. */
  readonly effects: readonly ObservedEffect[];
  /** The effects as the plan shows them: what policy hides is hidden. */
  readonly shown: readonly Effect[];
  readonly reads: readonly string[];
  readonly notObservable: readonly string[];
}

/** Keeps what a rehearsal found. What was kept first holds, whatever is recorded later. */
export async function sealRecording(ledger: Ledger, run: Run, handling: DataHandling): Promise<SealedRecording> {
  // A copy, for a step that is still at it may add to what was recorded meanwhile.
  const effects = [...run.recording.effects];
  const { reads, notObservable } = run.recording;
  const shown = await keepDiffs(
    handling,
    effects.map((effect, index) => ({ ...effect, index })),
  );
  return await ledger.keepRecording<SealedRecording>(run.jobUid, {
    action: { namespace: run.namespace, name: run.actionName, uid: run.actionUid, generation: run.generation },
    job: run.jobUid,
    account: run.account,
    effects,
    shown,
    reads: [...reads],
    notObservable: [...notObservable],
  });
}

/** The digest by which a plan names its recording. */
export const recordingDigest = (recording: SealedRecording): string => digestOf(recording);
