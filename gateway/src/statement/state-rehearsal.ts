import { type RehearsalStatement, statedEffects, statedPlan } from '@sentinel/policy';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';

/** What a rehearsal saw, not sealed yet: by the recording that the gateway keeps, not by what anybody made of it. */
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
