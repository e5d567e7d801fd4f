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
    when: 'An AgentAction would be created, edited or decided on in a way that is not allowed, whatever the webhook says.',
    next: 'Do what the message says. Where it says that the webhook did not take part, try again when it runs.',
  },
  ActionStatusGuard: {
    policy: 'sentinel-action-status',
    when: 'Somebody else than the operator would write the status of an object of Sentinel.',
    next: 'Leave the status to the operator.',
  },
  PlanGuard: {
    policy: 'sentinel-plans',
    when: 'Somebody else than the operator would write a plan, or a plan would be changed or deleted without its action.',
    next: 'Cancel or delete the AgentAction instead.',
  },
  RunLockGuard: {
    policy: 'sentinel-run-lock',
    when: 'A request of a rehearsal or run would change something outside of what its stage may do.',
    next: 'Tell an admin: the gateway refuses such requests before, so this one should not have come so far.',
  },
  SandboxGuard: {
    policy: 'sentinel-sandbox-guard',
    when: 'Somebody else than Sentinel and the controllers of the cluster would write in the namespace of the sandboxes.',
    next: 'Leave that namespace to Sentinel. Cancel an action to end its sandbox.',
  },
  SandboxEvictionGuard: {
    policy: 'sentinel-sandbox-eviction',
    when: 'A pod of a sandbox would be evicted by somebody who may not.',
    next: 'Wait until it has ended, or do what the message says.',
  },
  LedgerGuard: {
    policy: 'sentinel-ledger-guard',
    when: 'Somebody else than the gateway would write in the namespace of the ledger.',
    next: 'Leave that namespace to the gateway.',
  },
  OwnerGuard: {
    policy: 'sentinel-owners',
    when: 'An object of Sentinel would get other owners, or too many finalizers.',
    next: 'Leave `metadata.ownerReferences` out; delete the object itself when it is no longer needed.',
  },
  ActionCascadeGuard: {
    policy: 'sentinel-action-cascade',
    when: 'An action would be deleted without its plans.',
    next: 'Delete it without `--cascade=orphan`.',
  },
  PlaybookGuard: {
    policy: 'sentinel-playbooks',
    when: 'A Playbook would be written or trusted in a way that is not allowed, whatever the webhook says.',
    next: 'Do what the message says. Where it says that the webhook did not take part, try again when it runs.',
  },
  ObjectSizeGuard: {
    policy: 'sentinel-room',
    when: 'Labels, annotations, field managers or the spec of an object take the room that its status and decisions need.',
    next: 'Remove or shorten what the message names.',
  },
  ActionSizeGuard: {
    policy: 'sentinel-action-room',
    when: 'Metadata of an action takes the room that decisions need, or somebody else than its requester changes it.',
    next: 'Do what the message says.',
  },
  SeparationIdentityGuard: {
    policy: 'sentinel-separation-identity',
    when: 'Who decides could act as the requester or author: by impersonation, certificates, tokens, Secrets or pods.',
    next: 'Have somebody without that right decide. An admin of the cluster can exempt people by name in a ClusterAgentPolicy.',
  },
  SeparationWorkloadsGuard: {
    policy: 'sentinel-separation-workloads',
    when: 'Who decides could act as the requester or author: by workloads that run as its account.',
    next: 'Have somebody without that right decide. An admin of the cluster can exempt people by name in a ClusterAgentPolicy.',
  },
  ActJournalGuard: {
    policy: 'sentinel-acts',
    when: 'The journal of what people did would be changed.',
    next: 'Leave it to Sentinel.',
  },
  ActionDeletionGuard: {
    policy: 'sentinel-action-deletion',
    when: 'The operator would remove the finalizer of an action before its end or its audit trail is recorded.',
    next: 'Tell your security team: the operator never asks for this by itself.',
  },
  WebhookConfigurationGuard: {
    policy: 'sentinel-webhook-configuration',
    when: 'The webhook would change more of its own configuration than the CA bundle.',
    next: 'Tell your security team: the webhook never asks for this by itself.',
  },
} as const satisfies Readonly<Record<string, GuardEntry>>;

export type GuardErrorCode = keyof typeof guardErrors;

/** The code of what a ValidatingAdmissionPolicy refuses, by its name; undefined for one that is not of the chart. */
export const guardCode = (policy: string): GuardErrorCode | undefined =>
  (Object.keys(guardErrors) as GuardErrorCode[]).find((code) => guardErrors[code].policy === policy);
