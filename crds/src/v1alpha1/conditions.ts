/**
 * Every condition type and every reason, each with a paragraph. The API reference is generated from these, and programs use the
 * constants, so that a word in a status always has an explanation.
 */

export const conditionTypes = {
  Succeeded: 'The summary of an AgentAction. Unknown while it lives, True or False at its end; the reason is the state.',
  Admitted:
    'Whether policy lets the action be rehearsed: the namespace opted in, a floor and a policy exist, the Playbook and its account may be used.',
  Rehearsed: 'Whether a rehearsal ran to its end and its plan is written.',
  Approved: 'Whether enough valid sealed decisions exist for the current plan, or policy asks for none.',
  Executed: 'Whether the real run did everything that was approved, and nothing else.',
  Verified: 'Whether the checks of the Playbook passed after the run.',
  RolledBack: 'Whether everything that the run had changed was rolled back. Absent where no rollback was due.',
  Reconciling: 'True until the action has come to its end, waiting for people included. Absent afterwards.',
  Stalled: 'True when the action ended without success. Absent otherwise.',
  Ready: 'The summary of a policy or a Playbook: whether it is in force as written.',
  Trusted: 'Whether the digest of the Playbook as it stands was sealed by someone with the verb `trust` who is not its author.',
} as const;
export type ConditionType = keyof typeof conditionTypes;

/** Reasons of `Succeeded`: the states of an action. */
export const states = {
  Pending: 'The action waits for the operator, or for a sandbox for its rehearsal. The message says for what.',
  Rehearsing: 'A sandbox runs the steps of the action. Every write is a dry-run and is recorded; nothing is changed.',
  AwaitingApproval: 'The plan is written and waits for people. `kubectl sentinel plan` shows it, and how to decide.',
  Starting:
    'The plan is approved, or needs nobody. The last checks before the real run are made from live reads; where something holds the start, such as a freeze, a limit or another run, the message says what.',
  Running: 'The real Job carries out the approved plan. Any other write is refused.',
  Verifying: 'The run did everything that was approved. The checks of the Playbook run, or wait for their time.',
  OutcomeUnknown:
    'The real run has ended, and the outcome of an effect is not known. A person must resolve it: `kubectl sentinel reconcile`. Until then other actions on the same objects wait.',
  RollingBack:
    'The run or its verification failed, or the action was cancelled after its run began. What the run changed is being rolled back.',
  Suspended: 'The kill switch of a policy holds the action. When it is lifted, people must approve again.',
  Succeeded: 'Everything that was approved was done, and verified. Where there are no checks, the message says so.',
  NoEffect: 'The rehearsal found nothing to change, so there is no run. What it found out is in `status.results`.',
  DryRunCompleted: 'Only a rehearsal was asked for. Its plan shows what would change; nothing was changed.',
  Denied: 'Policy refuses the action. Nothing was changed. The message names the rule and what would be allowed.',
  RehearsalFailed:
    'A step of the rehearsal failed, or its outcome could not be known. Nothing was changed. Correct the cause that the message names, and file the action again.',
  Rejected: 'A person rejected the plan. Nothing was changed. The message says who and why.',
  Expired:
    'Too few people approved in time, or an approval expired before the run could start. Nothing was changed. File the action again.',
  Blocked:
    'The real run tried something that is not in the approved plan, or that policy no longer allows. That was refused, and the run was ended. What it had changed was rolled back, or stays where rollback is not available; the message says which.',
  RunFailed:
    'The real run failed, was ended by a kill switch, or its outcome is not known, and nothing was rolled back. What it had changed stays; the message says how much that is.',
  VerificationFailed:
    'The run did everything that was approved. Its checks failed or could not be run, and rollback is not available or a kill switch stopped it, so the changes stay.',
  RolledBack: 'The run or its verification failed, and every change of the run was rolled back.',
  RollbackIncomplete:
    'The run or its verification failed, or the action was cancelled, and at least one change of the run could not be rolled back. The message names each; a person must correct it by hand.',
  Cancelled:
    'Somebody cancelled or deleted the action, or the action that it is a part of has ended. Before the real run nothing was changed. Where the run had begun, the message says what was rolled back and what stays.',
} as const;
export type State = keyof typeof states;

/** States in which an action has come to its end. */
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
  Pending: 'The action has not come so far.',
  NotNeeded: 'This action does not need the condition: policy asks nobody to approve it, or there are no checks.',
  AwaitingApproval: 'The plan has fewer valid approvals than it requires.',
  Failed: 'It was tried and did not succeed; the message says why.',
  Invalid: 'The object cannot be read as it is meant; the strictest reading applies. The message names each fault.',
  NotTrusted:
    'The Playbook as it stands is not trusted: nobody has sealed its digest, somebody has who may not, or the trust was withdrawn. Where policy asks for trust, its actions are refused until someone who may runs `kubectl sentinel trust`.',
  SealInvalid:
    'There is a seal on the Playbook that proves nothing: it cannot be read, does not verify with any key that is known, or is one for another Playbook. Tell your security team if no key was removed lately; `kubectl sentinel trust` seals it anew.',
} as const;
export type Reason = keyof typeof reasons;

/** Transitions: one audit record and one Event each. */
export const transitions = {
  Admitted: 'Policy lets the action be rehearsed.',
  RehearsalStarted: 'The rehearsal Job was recorded and is released.',
  Planned: 'The rehearsal ended and its plan is written.',
  AutoReviewed: 'Policy lets the plan start without a person; the record names what let it.',
  Decided: 'A person decided: approve, reject or revoke, or how an effect whose outcome is unknown is resolved.',
  RunStarted: 'The real Job was recorded and is released.',
  RunEnded: 'The real Job came to its end.',
  OutcomeUnknown: 'The real Job has ended, and the outcome of an effect is not known. A person must resolve it.',
  EffectResolved: 'The gateway carried out what a person decided on an effect whose outcome was unknown, or refused to.',
  VerificationStarted: 'The verification Job was recorded and is released.',
  VerificationEnded: 'The verification Job came to its end.',
  RollbackEnded: 'What was changed was rolled back, as far as possible.',
  StartedOver:
    'A new rehearsal replaces what was there. The spec was edited before the real run, and earlier decisions are void; or the kubelet executed a step of the rehearsal more than once.',
  Suspended: 'The kill switch of a policy holds the action. The record names who turned it on, and when.',
  Resumed: 'The kill switch was turned off. The record names who did it, and when. Approvals from before do not count.',
  Ended: 'The action came to its end.',
  Retired: 'Its time of retention is over. It is deleted as soon as a sink has acknowledged this record.',
} as const;
export type Transition = keyof typeof transitions;
