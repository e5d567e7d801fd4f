import type { ErrorEntry } from '@sentinel/crds';

/** What a ValidatingAdmissionPolicy of the chart refuses. */
interface GuardEntry extends ErrorEntry {
  /** Its name in the cluster. */
  readonly policy: string;
}

/**
 * What the API server itself refuses, by the ValidatingAdmissionPolicies of the chart. Such a policy can give only one of five reasons of
 * Kubernetes, so its answer carries no code of Sentinel's: the code stands for the policy, whose name is in the answer.
 */
export const guardErrors = {
  ActionGuard: {
    policy: 'sentinel-actions',
    when: 'The request creates, edits or decides on an AgentAction in a way that is not allowed, whatever the webhook says.',
    next: 'Correct the field that the message names. Where it says that the webhook did not take part, try again when the webhook runs.',
  },
  ActionStatusGuard: {
    policy: 'sentinel-action-status',
    when: 'The request writes the status of an object of Sentinel, and is not from the operator.',
    next: 'Leave the status to the operator.',
  },
  PlanGuard: {
    policy: 'sentinel-plans',
    when: 'The request creates, changes or deletes a plan, and is not from the operator; or it deletes a plan without its action.',
    next: 'Cancel or delete the AgentAction instead.',
  },
  RunLockGuard: {
    policy: 'sentinel-run-lock',
    when: 'The request of a rehearsal or run changes something that its stage may not change.',
    next: 'Tell an admin: the gateway refuses such requests before, so this one should not have come so far.',
  },
  SandboxGuard: {
    policy: 'sentinel-sandbox-guard',
    when: 'The request writes in the namespace of the sandboxes, and is not from Sentinel or a controller of the cluster.',
    next: 'Leave that namespace to Sentinel. To stop a sandbox, cancel its action.',
  },
  SandboxEvictionGuard: {
    policy: 'sentinel-sandbox-eviction',
    when: 'The request evicts the pod of a sandbox that has not ended, or is from somebody who may not.',
    next: 'Wait until the sandbox has ended and evict the pod again, or cancel the action (`spec.cancelled`).',
  },
  LedgerGuard: {
    policy: 'sentinel-ledger-guard',
    when: 'The request writes in the namespace of the ledger, and is not from the gateway.',
    next: 'Leave that namespace to the gateway.',
  },
  ScheduleGuard: {
    policy: 'sentinel-schedule-guard',
    when: 'The request writes in the namespace of the schedules, and is not from Sentinel or a controller of the cluster.',
    next: 'Leave that namespace to Sentinel. To run a Playbook now, create an action of it.',
  },
  ScheduledActionGuard: {
    policy: 'sentinel-scheduled-actions',
    when: 'The account of schedules asks for something other than the action of a schedule.',
    next: 'Tell your security team, unless a Playbook was changed at that moment: the pods of schedules never ask for anything else.',
  },
  ScheduleNameGuard: {
    policy: 'sentinel-schedule-names',
    when: 'The name of an action is one of those that schedules use (`…-scheduled-NUMBER`).',
    next: 'Give the action another name.',
  },
  OwnerGuard: {
    policy: 'sentinel-owners',
    when: 'The request changes the owners of an object of Sentinel, or gives it too many finalizers.',
    next: 'Leave `metadata.ownerReferences` out; delete the object itself when it is no longer needed.',
  },
  ActionCascadeGuard: {
    policy: 'sentinel-action-cascade',
    when: 'The request deletes an AgentAction and keeps its plans (`--cascade=orphan`).',
    next: 'Delete it without `--cascade=orphan`.',
  },
  StandingApprovalGuard: {
    policy: 'sentinel-standing-approvals',
    when: 'The request writes a standing approval of the schedule of a Playbook, or revokes it, in a way that is not allowed, whatever the webhook says.',
    next: 'Use `kubectl sentinel schedules approve`. Where the message says that the webhook did not take part, try again when the webhook runs.',
  },
  PlaybookGuard: {
    policy: 'sentinel-playbooks',
    when: 'The request writes or trusts a Playbook in a way that is not allowed, whatever the webhook says.',
    next: 'Correct the field that the message names. Where it says that the webhook did not take part, try again when the webhook runs.',
  },
  ObjectSizeGuard: {
    policy: 'sentinel-room',
    when: 'Labels, annotations, field managers or the spec of an object take the room that its status and decisions need.',
    next: 'Remove or shorten what the message names.',
  },
  ActionSizeGuard: {
    policy: 'sentinel-action-room',
    when: 'The metadata of an action takes the room that decisions need, or is changed by somebody who is not its requester.',
    next: 'Remove or shorten the metadata that the message names, or have the requester change it.',
  },
  SeparationIdentityGuard: {
    policy: 'sentinel-separation-identity',
    when: 'The person who decides could act as the requester or author: by impersonation, certificates, tokens, Secrets or pods.',
    next: 'Have somebody without that right decide. An admin of the cluster can exempt people by name in a ClusterAgentPolicy.',
  },
  SeparationWorkloadsGuard: {
    policy: 'sentinel-separation-workloads',
    when: 'The person who decides could act as the requester or author: by workloads that run as its account.',
    next: 'Have somebody without that right decide. An admin of the cluster can exempt people by name in a ClusterAgentPolicy.',
  },
  ActJournalGuard: {
    policy: 'sentinel-acts',
    when: 'The request changes the journal of acts, which records what people did.',
    next: 'Leave it to Sentinel.',
  },
  ActionDeletionGuard: {
    policy: 'sentinel-action-deletion',
    when: 'The operator asks to remove the finalizer of an action whose end or audit trail is not recorded yet.',
    next: 'Tell your security team: the operator never asks for this by itself.',
  },
  WebhookConfigurationGuard: {
    policy: 'sentinel-webhook-configuration',
    when: 'The webhook asks to change more of its own configuration than the CA bundle.',
    next: 'Tell your security team: the webhook never asks for this by itself.',
  },
  EvidenceRegistrationGuard: {
    policy: 'sentinel-evidence-registration',
    when: 'The evidence store asks to change more of the registration of its API than the CA bundle.',
    next: 'Tell your security team: the evidence store never asks for this by itself.',
  },
} as const satisfies Readonly<Record<string, GuardEntry>>;

export type GuardErrorCode = keyof typeof guardErrors;

/** The code of what a ValidatingAdmissionPolicy refuses, by its name; undefined for one that is not of the chart. */
export const guardCode = (policy: string): GuardErrorCode | undefined =>
  (Object.keys(guardErrors) as GuardErrorCode[]).find((code) => guardErrors[code].policy === policy);
