import type { ActionPlan, AgentAction } from '@sentinel/crds';
import { planDifferences } from '@sentinel/policy';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';

const FIELDS = 5;
const NO_RECORDING = 'it names no recording of the gateway; rehearse the action again';

/**
 * Differences between a plan and the recording of the gateway, or the current action. The operator made the plan; the gateway trusts only
 * its own recording, in which every field of the plan is sealed except those that the operator counts.
 */
export function planFaults(action: AgentAction, { spec }: ActionPlan, recording: SealedRecording | undefined): string[] {
  if (!spec.recording || !recording?.draft) return [NO_RECORDING];
  const differing = planDifferences(spec, recording.draft);
  return [
    ...(spec.recording.job === recording.job ? [] : ['it names the recording of another rehearsal']),
    ...(spec.recording.digest === recordingDigest(recording) ? [] : ['it names another recording than the gateway keeps']),
    ...actionFaults(action, recording),
    ...differing.slice(0, FIELDS).map((path) => `'${path}' is not what was recorded`),
    ...(differing.length <= FIELDS ? [] : [`${differing.length - FIELDS} more fields are not`]),
  ];
}

/** Differences between the current action and the recorded one. */
export function actionFaults({ metadata, spec }: AgentAction, recording: SealedRecording | undefined): string[] {
  if (!recording) return [NO_RECORDING];
  return [
    ...(metadata.uid === recording.action.uid ? [] : ['it is for another action']),
    ...(metadata.generation === recording.action.generation ? [] : ['it is for another generation of the action']),
    ...(spec.mode === 'Apply' ? [] : [`the action is a ${spec.mode}`]),
  ];
}
