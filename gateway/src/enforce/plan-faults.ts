import { type ActionPlan, type AgentAction, digestOf } from '@sentinel/crds';
import { undeclaredEffects } from '@sentinel/policy';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';

/** As many as a plan shows. */
const NOT_OBSERVABLE_MAX = 16;

const indexed = ({ effects }: SealedRecording) => effects.map((effect, index) => ({ ...effect, index }));

/**
 * Where a plan is not what the gateway recorded in the rehearsal, or not that of the action as it stands. The operator made the plan; the
 * gateway believes its own recording: the account, each effect in full, what is shown of it, and what could not be observed.
 */
export function planFaults(action: AgentAction, { spec }: ActionPlan, recording: SealedRecording | undefined): string[] {
  if (!spec.recording || !recording) return ['it names no recording of the gateway; rehearse the action again'];
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  expect(spec.recording.job === recording.job, 'it names the recording of another rehearsal');
  expect(spec.recording.digest === recordingDigest(recording), 'it names another recording than the gateway keeps');
  expect(spec.action.uid === action.metadata.uid && spec.action.uid === recording.action.uid, 'it is for another action');
  expect(
    spec.action.generation === action.metadata.generation && spec.action.generation === recording.action.generation,
    'it is for another generation of the action',
  );
  expect(spec.account === recording.account, `it names the account '${spec.account}', but '${recording.account}' was rehearsed`);
  expect(
    spec.effects.length === recording.shown.length && digestOf(spec.effects) === digestOf(recording.shown),
    'its effects are not those that were recorded',
  );
  expect(
    digestOf(spec.notObservable ?? []) === digestOf(recording.notObservable.slice(0, NOT_OBSERVABLE_MAX)),
    'it leaves out what could not be observed',
  );
  expect(
    digestOf(spec.undeclared ?? []) === digestOf(undeclaredEffects(action, indexed(recording))),
    'it leaves out effects that were not announced',
  );
  expect(action.spec.mode === 'Apply', `the action is a ${action.spec.mode}`);
  return faults;
}
