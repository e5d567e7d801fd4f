import type { State } from './conditions.ts';

/**
 * States in which an action waits for something or has ended without success, with what to do: reasons of the condition `Succeeded`. The
 * state itself is the code, and `states` says when it happens.
 */
export const stateErrors = {
  Pending: 'Wait. Where the message names a limit that holds it back, end other actions or ask an admin.',
  AwaitingApproval: 'Have the plan approved or rejected: `kubectl sentinel plan` shows it, and how.',
  ChangesRequested:
    'Read what the message asks for, and revise the action: `kubectl edit agentaction`. Then wait for the decision on the new plan.',
  Starting: 'Wait, or do something about what the message says holds the start.',
  Suspended: 'Wait until an admin turns the kill switch off, then approve the plan again.',
  OutcomeUnknown:
    'Look at the object, and decide: run `kubectl sentinel reconcile` with accept, redo or roll-back for each effect that `kubectl sentinel plan` lists as unknown.',
  Denied: 'Correct what each sentence of the message names, and create the action again.',
  RehearsalFailed:
    'Correct the cause that the message names, and create the action again. `kubectl sentinel report` shows the steps.',
  Rejected: 'Read the comment of who rejected it (`kubectl sentinel report`), and create another action.',
  Expired: 'Create the action again, and have it approved in time.',
  Blocked:
    'Look at what the run tried (`kubectl sentinel report`). Where it was meant, create the action again: its rehearsal makes a new plan. Where it was not, tell your security team.',
  RunFailed: 'Look at what it changed (`kubectl sentinel report`), correct or undo that by hand, and create the action again.',
  VerificationFailed: 'Look at the checks that failed (`kubectl sentinel report`), and correct or undo the changes.',
  RolledBack: 'Nothing has to be cleaned up. Correct the cause, and create the action again.',
  RollbackIncomplete: 'Correct by hand each change that the message names.',
  Cancelled: 'Where the message says that changes stay, correct or undo them by hand. Otherwise nothing has to be done.',
} as const satisfies Partial<Record<State, string>>;
