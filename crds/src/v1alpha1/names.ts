import { GROUP } from './kinds.ts';
import { effectNumber } from './resolution.ts';

/** Annotations of this group; what each one carries is in docs/api.md. */
export const annotations = {
  /** JSON `{user, uid, groups}`: the requester of the action. Set by the webhook, checked by the API server, never changes. */
  requestedBy: `${GROUP}/requested-by`,
  /** Other people who edited the spec, one JSON object per line: they count as requesters. Written by the webhook, append-only. */
  amendedBy: `${GROUP}/amended-by`,
  /** JSON `{user, uid}`: who changed the spec last, the requester included. Written by the webhook with each change of the spec. */
  changedBy: `${GROUP}/changed-by`,
  /** JSON `{user, uid}`: who set `spec.cancelled`. Written by the webhook, never changes. */
  cancelledBy: `${GROUP}/cancelled-by`,
  /**
   * A person's request for a decision: approve | reject | revoke | request-changes, or the resolution of an effect whose outcome is unknown: accept |
   * redo | roll-back. On a Playbook: a request for a standing approval of its schedule (`standingApprovalRequest`), or to revoke all of them
   * (`revoke-schedule`). The webhook replaces it with a sealed record.
   */
  decision: `${GROUP}/decision`,
  /** The digest of the plan that the person saw. */
  plan: `${GROUP}/plan`,
  /** The number of the effect that a resolution is about, from 1. */
  effect: `${GROUP}/effect`,
  /** The comment of the person. */
  comment: `${GROUP}/comment`,
  /** Sealed decisions, one JSON record per line, append-only. */
  approvals: `${GROUP}/approvals`,
  /** JSON `{user, uid, groups}`: who last changed the spec of a Playbook. */
  authors: `${GROUP}/authors`,
  /**
   * On a Playbook: a request for trust holds a digest, one to withdraw it `withdraw:` and the digest; afterwards it is a sealed record.
   */
  trust: `${GROUP}/trust`,
  /**
   * On a Playbook: sealed standing approvals of its schedule, one JSON record per line. Only added to, until a sealed revocation takes the place of
   * all of them; an edit of the Playbook removes them.
   */
  standing: `${GROUP}/standing-approvals`,
  /** On a sandbox Job: `NAMESPACE/NAME` of its action. It helps to find the action, but is not trusted. */
  action: `${GROUP}/action`,
  /** On the CronJob of a schedule: `NAMESPACE/NAME` of its Playbook. */
  playbook: `${GROUP}/playbook`,
  /** On the CronJob of a schedule: why it is suspended. */
  suspendedBecause: `${GROUP}/suspended-because`,
  /** On the CronJob of a schedule: the digest of what the operator wrote. */
  renderedDigest: `${GROUP}/rendered-digest`,
  /** On a Secret that holds a key of Sentinel: any value makes Sentinel replace the key at once. */
  rotate: `${GROUP}/rotate`,
} as const;

/**
 * The field manager of an update that asks for a decision, for the resolution of an effect, or for trust. The API server's policies
 * compare it with what was sealed: unlike the annotations, it is not part of the object, so a mutating webhook cannot change it. `effect`
 * is the index of the effect, as in the sealed record; the field manager has its number, as people type it.
 */
export const askingManager = (
  word: 'approve' | 'reject' | 'revoke' | 'request-changes' | 'trust' | 'distrust' | 'accept' | 'redo' | 'roll-back',
  digest: string,
  effect?: number,
): string => (effect === undefined ? `${word}:${digest}` : `${word}:${digest}:${effectNumber(effect)}`);

/** The request to revoke the standing approvals of a schedule; as a field manager the digest of the Playbook follows, after a colon. */
export const REVOKE_SCHEDULE = 'revoke-schedule';

/**
 * The request for a standing approval, in the annotation and in the field manager of the update alike: the digest of the Playbook, when the approval
 * ends (UTC, whole seconds: `2026-12-31T00:00:00Z`), and the highest risk that it covers.
 */
export const standingApprovalRequest = (digest: string, until: string, upToRisk: string): string =>
  `approve-schedule:${digest}:${until}:${upToRisk}`;

/** Labels that admins set on a tenant's namespace. */
export const namespaceLabels = {
  enabled: `${GROUP}/enabled`,
  environment: `${GROUP}/environment`,
} as const;

/** Label of a sandbox Job: the uid of its action. The operator uses it to find Jobs that no action names. */
export const ACTION_UID_LABEL = `${GROUP}/action-uid`;

/** The label of the CronJob of a Playbook: the uid of the Playbook. */
export const PLAYBOOK_UID_LABEL = `${GROUP}/playbook-uid`;

/** The finalizer of an action: its Jobs are stopped before the object is deleted. */
export const FINALIZER = `${GROUP}/end-runs`;

/** The namespaces of Sentinel. */
export const namespaces = {
  system: 'sentinel-system',
  sandboxes: 'sentinel-sandboxes',
  ledger: 'sentinel-ledger',
  schedules: 'sentinel-schedules',
} as const;

/** The ConfigMap that holds the public keys of the webhook, which seals acts and decisions of people. */
export const SEAL_KEYS = 'sentinel-seal-keys';
/** The ConfigMap that holds the public keys of the gateway, which signs its statements about runs. */
export const STATEMENT_KEYS = 'sentinel-statement-keys';

/** Audience of the tokens by which sandbox pods and the operator prove to the gateway who they are. */
export const GATEWAY_AUDIENCE = 'sentinel-gateway';

/** The account of the operator, as the API server authenticates it. */
export const OPERATOR_USER = `system:serviceaccount:${namespaces.system}:sentinel-operator`;

/** The account whose pods file the actions of schedules, in the namespace of the schedules. */
export const SCHEDULE_ACCOUNT = 'schedule';
/** The same account, as the API server authenticates it. */
export const SCHEDULE_USER = `system:serviceaccount:${namespaces.schedules}:${SCHEDULE_ACCOUNT}`;

/** The groups that the API server gives this account. */
export const SCHEDULE_GROUPS: readonly string[] = [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespaces.schedules}`,
  'system:authenticated',
];

/** The names under which the gateway acts: users that no pod, token or certificate can be. */
export const virtualUser = (stage: 'rehearsal' | 'enforce', namespace: string, account: string): string =>
  `sentinel:${stage}:${namespace}:${account}`;

/** The user that tests whether the dry-run policy inside the API server is enforced. */
export const PROBE_USER = 'sentinel:probe';

/** The name of the ActionPlanPart with the given number. */
export const planPartName = (plan: string, number: number): string => `${plan}-part-${number}`;
