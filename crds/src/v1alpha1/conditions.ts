/**
 * Every condition type and every reason, each with a paragraph. The API reference is generated from these, and programs use the
 * constants, so that a word in a status always has an explanation.
 */

export const conditionTypes = {
  Succeeded: 'The summary of an AgentAction. Unknown while it lives, True or False at its end; the reason is the state.',
  Admitted:
    'Whether policy lets the action be rehearsed: the namespace opted in, a floor and a policy exist, the Playbook and its account may be used.',
  Rehearsed: 'Whether a rehearsal ran to its end and its plan is written.',
  Approved: 'Whether enough valid sealed decisions exist for the current plan.',
  Executed: 'Whether the real run did everything that was approved, and nothing else.',
  Verified: 'Whether the checks of the Playbook passed after the run.',
  RolledBack: 'Whether what the run had changed was rolled back.',
  Reconciling: 'True until the action has come to its end, waiting for people included. Absent afterwards.',
  Stalled: 'True when the action ended without success. Absent otherwise.',
  Ready: 'The summary of a policy or a Playbook: whether it is in force as written.',
  Trusted: 'Whether the digest of the Playbook as it stands was sealed by someone with the verb `trust` who is not its author.',
} as const;
export type ConditionType = keyof typeof conditionTypes;

/** Reasons of `Succeeded`: the states of an action. */
export const states = {
  Pending: 'The action waits for the operator.',
  Rehearsing: 'A sandbox runs the steps; every write is a dry-run and is recorded.',
  AwaitingApproval: 'The plan is written and waits for people.',
  Starting: 'Approved; the last checks before the real run are made from live reads.',
  Running: 'The real Job runs under the approved plan.',
  Verifying: 'The run has ended; the checks of the Playbook run, or wait for their time.',
  RollingBack: 'The run or its verification failed; changes are being rolled back.',
  Suspended: 'A policy stops new starts. It goes on by itself only as far as a person decides.',
  Succeeded: 'Everything that was approved was done, and verified.',
  NoEffect: 'The rehearsal found nothing to change and so has done the work.',
  DryRunCompleted: 'Only a rehearsal was asked for; the plan is there.',
  Denied: 'Policy refuses it. The message names the rule and what would be allowed.',
  RehearsalFailed: 'A step of the rehearsal failed, or its outcome could not be known. Nothing was changed.',
  Rejected: 'A person rejected the plan.',
  Expired: 'Nobody decided in time.',
  Blocked: 'The real run tried something that is not in the approved plan. It was refused, and the run was ended.',
  RunFailed: 'The real run failed half-way or its outcome is not known.',
  VerificationFailed: 'The checks failed or could not be run, and rollback is not available.',
  RolledBack: 'The checks failed and everything that was changed was rolled back.',
  RollbackIncomplete: 'The checks failed and not everything could be rolled back. The message says what.',
  Cancelled: 'It was cancelled.',
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
  Satisfied: 'It holds.',
  Pending: 'The action has not come so far.',
  NotNeeded: 'This action does not need it.',
  AwaitingApproval: 'Fewer valid approvals than the plan requires.',
  Failed: 'It was tried and did not succeed; the message says why.',
  Invalid: 'The object can not be read as it is meant; the strictest reading applies.',
  NotTrusted: 'No seal covers the digest of the Playbook as it stands.',
  SealInvalid: 'There is a seal, but it does not verify.',
} as const;
export type Reason = keyof typeof reasons;

/** Transitions: one audit record and one Event each. */
export const transitions = {
  Admitted: 'Policy lets the action be rehearsed.',
  RehearsalStarted: 'The rehearsal Job was recorded and is released.',
  Planned: 'The rehearsal ended and its plan is written.',
  AutoReviewed: 'Policy lets the plan start without a person; the record names what let it.',
  Decided: 'A person decided: approve, reject or revoke.',
  RunStarted: 'The real Job was recorded and is released.',
  RunEnded: 'The real Job came to its end.',
  VerificationStarted: 'The verification Job was recorded and is released.',
  VerificationEnded: 'The verification Job came to its end.',
  RollbackEnded: 'What was changed was rolled back, as far as possible.',
  StartedOver:
    'A new rehearsal replaces what was there. The spec was edited before the real run, and earlier decisions are void; or the kubelet executed a step of the rehearsal more than once.',
  Ended: 'The action came to its end.',
  Retired: 'Its time of retention is over. It is deleted as soon as a sink has acknowledged this record.',
} as const;
export type Transition = keyof typeof transitions;
