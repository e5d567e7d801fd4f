import type { ErrorTable } from '@sentinel/crds';

/** Errors of `kubectl sentinel` itself, beside what the API server answers. */
export const cliErrors = {
  CommandLineInvalid: {
    when: 'The command or a flag is not known, or an argument is missing.',
    next: 'See `kubectl sentinel --help`.',
  },
  FlagInvalid: {
    when: 'A flag or an argument has a value that is not allowed.',
    next: 'Correct the flag that the message names.',
  },
  FlagRequired: {
    when: 'A flag or an argument is missing.',
    next: 'Pass the flag that the message names.',
  },
  FlagConflict: {
    when: 'Flags or arguments exclude each other.',
    next: 'Leave one of them out.',
  },
  ConfirmationRequired: {
    when: 'The command asks for a confirmation and stdin is not a terminal, or `--yes` does not name the digest that you have seen.',
    next: 'Pass `--yes`, and the digest of what you have seen where the message asks for it.',
  },
  KubeconfigInvalid: {
    when: 'The kubeconfig cannot be read, or has no such context.',
    next: 'Check `--kubeconfig`, `--context` and `$KUBECONFIG`.',
  },
  ObjectNotFound: {
    when: 'The action, the Playbook, the policy or the namespace does not exist.',
    next: 'Use the command that the message names to see which ones exist.',
  },
  NameAmbiguous: {
    when: 'The beginning of a name fits more than one action, or a decision without a question needs the whole name.',
    next: 'Pass the whole name; the message lists those that fit.',
  },
  AmendmentMissing: {
    when: 'The action offers no amendment of its plan.',
    next: 'Create an ordinary action instead: its rehearsal makes a new plan.',
  },
  RoleNotFound: {
    when: 'The role that an account is to have does not exist.',
    next: 'Name a role that exists, or create it first: `kubectl get clusterroles`, `kubectl get roles -n NAMESPACE`.',
  },
  TimedOut: {
    when: 'The time of `--timeout` or `--request-timeout` is over. An action that was waited for goes on.',
    next: 'Wait again, with more time: `kubectl sentinel wait`. Where a request was sent, look before you try again.',
  },
  EvidenceMissing: {
    when: 'Nothing of the stage was stored: it has not ended, no evidence store was in use, or the store did not take it.',
    next: 'The message and the audit records of the action say why (`sentinel.evidence.missing`); without an evidence store nothing is kept.',
  },
  EvidenceDeleted: {
    when: 'The evidence was stored, and the evidence store does not have it any more.',
    next: 'Policies say how long it is kept (`dataHandling.retainFor`). The audit records in the sink still say what happened.',
  },
  EvidenceStoreMissing: {
    when: 'The action names evidence, and the cluster serves no evidence store by which it can be read.',
    next: 'Ask your cluster admin to install it again: `evidence.enabled` of the chart; its volume is kept when it is removed.',
  },
  EvidenceDigestMismatch: {
    when: 'The evidence that was answered does not have the digest that the action names.',
    next: 'Do not rely on it, and tell your security team.',
  },
  PlanNotFound: {
    when: 'The action has no plan, or its plan or a part of it is gone.',
    next: 'Wait until the action is rehearsed; where the plan is gone, create the action again.',
  },
  PlanAltered: {
    when: 'The plan or a part of it is not the one that the action names.',
    next: 'Do not decide, and tell your security team.',
  },
  ObjectChanged: {
    when: 'The plan, the action or the Playbook is not the one that you saw any more, or somebody else changed the object in the meantime.',
    next: 'Look at it again, and repeat the command.',
  },
  NothingToDecide: {
    when: 'The action or the Playbook is not in a state in which this can be decided.',
    next: 'See the state that the message names.',
  },
  RequesterNotStamped: {
    when: 'The action has no record of its requester, so it cannot be evaluated.',
    next: 'Create the action again.',
  },
  NotObserved: {
    when: 'The operator has not read the object as it stands yet.',
    next: 'Try again in a moment.',
  },
  NotSealed: {
    when: "The API server took the request, but Sentinel's webhook took no part, so it counts for nothing.",
    next: 'Tell your cluster admin: the webhook is not in force.',
  },
  DigestMismatch: {
    when: 'The digest of the Playbook that was read is not the one that the operator found.',
    next: 'Do not trust it, and tell your cluster admin.',
  },
  AccountConflict: {
    when: 'An object that the account needs exists already, for another account or another role.',
    next: 'Choose another name, or delete the object that the message names.',
  },
  FileInvalid: {
    when: 'A file cannot be read or written, or has faults.',
    next: 'Correct what the lines before name, and try again.',
  },
  NotAuthenticated: {
    when: 'The API server does not know you.',
    next: 'Log in, or choose another `--context`.',
  },
  AccessDenied: {
    when: 'You do not hold the right that the request needs.',
    next: 'Ask your cluster admin for it.',
  },
  ServerBusy: {
    when: 'The API server cannot answer the request now.',
    next: 'Try again in a moment.',
  },
  ServerNotReached: {
    when: 'The API server gives no answer.',
    next: 'Check the network. Where the message says that the request may have taken effect, look before you try again.',
  },
  SentinelNotInstalled: {
    when: 'The cluster does not know the kinds of Sentinel.',
    next: 'Install the chart, or choose another `--context`.',
  },
  RequestRefused: {
    when: 'The API server, or a policy or webhook that is not of Sentinel, refused the request.',
    next: 'Correct what the message names.',
  },
  UnexpectedError: {
    when: 'The command met an error that it does not know.',
    next: 'Report it with the message and the command.',
  },
} as const satisfies ErrorTable;

/** The code of an error of `kubectl sentinel` itself. */
export type CliErrorCode = keyof typeof cliErrors;
