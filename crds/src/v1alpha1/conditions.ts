/**
 * Every condition type and every reason, each with a paragraph. The API reference is generated from these, and programs use the
 * constants, so that every word in a status is documented.
 */

export const conditionTypes = {
  Succeeded: 'The summary of an AgentAction. Unknown until the action has ended, then True or False; the reason is the state.',
  Admitted:
    'Whether policy lets the action be rehearsed: the namespace opted in, a floor and a policy exist, the Playbook and its account may be used.',
  Rehearsed: 'Whether a rehearsal finished and its plan is stored.',
  Approved: 'Whether enough valid sealed decisions exist for the current plan, or policy requires no approval.',
  Executed: 'Whether the real run did everything that was approved, and nothing else.',
  Verified: 'Whether the checks of the Playbook passed after the run.',
  RolledBack: 'Whether everything that the run had changed was rolled back. Absent if no rollback was needed.',
  Reconciling: 'True until the action has ended, also while it waits for approval. Absent afterwards.',
  Stalled: 'True when the action ended without success. Absent otherwise.',
  Ready: 'The summary of a policy or a Playbook: whether it is valid and in force.',
  Trusted:
    'Whether the current digest of the Playbook was sealed by someone with the verb `trust` who is not its author, or is named by the floor.',
} as const;
export type ConditionType = keyof typeof conditionTypes;

/** Reasons of `Succeeded`: the states of an action. */
export const states = {
  Pending: 'The action waits for the operator, or for a sandbox for its rehearsal. The message says what it waits for.',
  Rehearsing: 'A sandbox runs the steps of the action. Every write is a dry-run and is recorded; nothing is changed.',
  AwaitingApproval: 'The plan is stored and waits for approval. `kubectl sentinel plan` shows it, and the commands to decide.',
  ChangesRequested:
    'A person asked for changes of the plan, and the message says which. The requester of the action, and nobody else, revises it by an edit of its spec; then there is a new rehearsal and a new plan, and earlier decisions do not count for it.',
  Starting:
    'The plan is approved, or needs no approval. The last checks before the real run are made with live reads. If something delays the start, such as a freeze, a limit or another run, the message says what.',
  Running: 'The real Job carries out the approved plan. Any other write is refused.',
  Verifying: 'The run did everything that was approved. The checks of the Playbook run, or wait until `verifyAfter` has passed.',
  OutcomeUnknown:
    'The real run has ended, and the outcome of an effect is not known. A person must resolve it: `kubectl sentinel reconcile`. Until then other actions on the same objects wait.',
  RollingBack:
    'The run or its verification failed, or the action was cancelled after its run began. What the run changed is being rolled back.',
  Suspended: 'The kill switch of a policy holds the action. When it is turned off, people must approve again.',
  Succeeded: 'All approved changes were made and verified. If there are no checks, the message says so.',
  NoEffect: 'The rehearsal found nothing to change, so there is no run. What it reported is in `status.results`.',
  DryRunCompleted: 'The action has the mode DryRun. Its plan shows what would change; nothing was changed.',
  Denied: 'Policy refuses the action. Nothing was changed. The message names the rule and what would be allowed.',
  RehearsalFailed:
    'A step of the rehearsal failed, or its outcome could not be determined. Nothing was changed. Correct the cause that the message names, and create the action again.',
  Rejected: 'A person rejected the plan. Nothing was changed. The message says who and why.',
  Expired:
    'Too few people approved in time, or an approval expired before the run could start. Nothing was changed. Create the action again.',
  Blocked:
    'The real run tried something that is not in the approved plan, or that policy no longer allows. That was refused, and the run was stopped. What it had changed was rolled back, or stays if rollback is not available; the message says which.',
  RunFailed:
    'The real run failed, was stopped by a kill switch, or its outcome is not known, and nothing was rolled back. What it had changed stays; the message says how many changes these are.',
  VerificationFailed:
    'The run did everything that was approved. Its checks failed or could not be run, and rollback is not available or a kill switch stopped it, so the changes stay.',
  RolledBack: 'The run or its verification failed, and every change of the run was rolled back.',
  RollbackIncomplete:
    'The run or its verification failed, or the action was cancelled, and at least one change of the run could not be rolled back. The message names each; a person must correct it by hand.',
  Cancelled:
    'Somebody cancelled or deleted the action, or its parent action has ended. Before the real run nothing was changed. If the run had begun, the message says what was rolled back and what stays.',
} as const;
export type State = keyof typeof states;

/** States in which an action has ended. */
export const finalStates: ReadonlySet<State> = new Set<State>([
  'Succeeded',
  'NoEffect',
  'DryRunCompleted',
  'Denied',
  'RehearsalFailed',
  'Rejected',
  'Expired',
  'Blocked',
  'RunFailed',
  'VerificationFailed',
  'RolledBack',
  'RollbackIncomplete',
  'Cancelled',
]);

/** End states that are what was asked for. */
export const successStates: ReadonlySet<State> = new Set<State>(['Succeeded', 'NoEffect', 'DryRunCompleted']);

/** Reasons of the other conditions. */
export const reasons = {
  Satisfied: 'The condition is met.',
  Pending: 'The action has not reached this step yet.',
  NotNeeded: 'The condition does not apply to this action: policy requires no approval, or there are no checks.',
  AwaitingApproval: 'The plan has fewer valid approvals than it requires.',
  Failed: 'The step failed; the message says why.',
  Invalid: 'The object is not valid, so it is treated as the strictest possible one. The message names each fault.',
  NotTrusted:
    'The current digest of the Playbook is not trusted: neither has anybody sealed it nor does the floor name it, it was sealed by somebody who is not allowed to, or the trust was withdrawn. If policy requires trust, actions of the Playbook are refused until someone with the verb `trust` runs `kubectl sentinel trust`.',
  Healthy: 'The last action of the schedule that counts ended as asked for.',
  Unhealthy: 'The last action of the schedule that counts failed. The message says how, and names the action.',
  NotScheduled: 'The Playbook has no schedule.',
  SchedulePaused: 'The schedule of the Playbook is suspended by its author (`spec.schedule.suspend`).',
  ScheduleRefused:
    'Policy would refuse the actions of the schedule, so its CronJob is suspended. The message says why. It continues by itself when the reason is gone.',
  SealInvalid:
    'The seal on the Playbook is not valid: it cannot be parsed, does not verify with any known key, or belongs to another Playbook. Tell your security team unless a key was removed recently; `kubectl sentinel trust` seals the Playbook again.',
} as const;
export type Reason = keyof typeof reasons;

/** Transitions: one audit record and one Event each. */
export const transitions = {
  Admitted: 'Policy lets the action be rehearsed.',
  RehearsalStarted: 'The rehearsal Job was recorded in the status and started.',
  Planned: 'The rehearsal ended and its plan is stored.',
  AutoReviewed: 'Policy lets the plan start without a person; the record names the policies.',
  Decided:
    'A person decided: approve, reject, revoke or request changes, or the resolution of an effect whose outcome is unknown.',
  RunStarted: 'The real Job was recorded in the status and started.',
  RunEnded: 'The real Job ended.',
  OutcomeUnknown: 'The real Job has ended, and the outcome of an effect is not known. A person must resolve it.',
  EffectResolved: 'The gateway carried out, or refused, the decision of a person on an effect whose outcome was unknown.',
  VerificationStarted: 'The verification Job was recorded in the status and started.',
  VerificationEnded: 'The verification Job ended.',
  RollbackEnded: 'The changes of the run were rolled back, as far as possible.',
  StartedOver:
    'A new rehearsal replaces the earlier one. Either the spec was edited before the real run, and earlier decisions are void; or the kubelet executed a step of the rehearsal more than once.',
  Suspended: 'The kill switch of a policy holds the action. The record names who turned it on, and when.',
  Resumed: 'The kill switch was turned off. The record names who did it, and when. Approvals from before do not count.',
  Ended: 'The action ended.',
  RolledBackLater: 'Another action, with `spec.rollbackOf`, has rolled the changes of this one back. The record names it.',
  Retired: 'The retention time of the action is over. The action is deleted as soon as a sink has acknowledged this record.',
} as const;
export type Transition = keyof typeof transitions;
