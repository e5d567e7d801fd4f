import { type RehearsalStatement, statedEffects, statedPlan } from '@sentinel/policy';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';

/** The statement about a rehearsal, not sealed yet: from the recording of the gateway, not from the plan. */
export function stateRehearsal(recording: SealedRecording): Omit<RehearsalStatement, 'key' | 'seal'> {
  const { action, job, account, sealedAt, effects, draft, dryRun } = recording;
  return {
    kind: 'Rehearsal',
    action: action.uid,
    time: new Date(sealedAt).toISOString(),
    job,
    account,
    ...(dryRun ? { mode: 'DryRun' } : {}),
    recording: recordingDigest(recording),
    effects: effects.length,
    ...(draft === undefined ? {} : { shown: statedEffects(draft.plan), plan: statedPlan(draft.plan) }),
  };
}
