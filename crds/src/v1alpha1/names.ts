import { GROUP } from './kinds.ts';

/** Annotations of this group; what each one carries is in docs/api.md. */
export const annotations = {
  /** JSON `{user, uid, groups}`: who filed the action. Stamped by the webhook, checked by the API server, never changes. */
  requestedBy: `${GROUP}/requested-by`,
  /** Who edited the spec beside the requester, one stamp per line: they count as requesters. Written by the webhook, append-only. */
  amendedBy: `${GROUP}/amended-by`,
  /** A person's request for a decision: approve | reject | revoke. The webhook turns it into a sealed record and takes it off. */
  decision: `${GROUP}/decision`,
  /** The digest of the plan that the person saw. */
  plan: `${GROUP}/plan`,
  /** What the person has to say. */
  comment: `${GROUP}/comment`,
  /** Sealed decisions, one JSON record per line, append-only. */
  approvals: `${GROUP}/approvals`,
  /** JSON `{user, uid, groups}`: who last changed the spec of a Playbook. */
  author: `${GROUP}/author`,
  /** On a Playbook: a request for trust holds a digest; afterwards it is a sealed record. */
  trust: `${GROUP}/trust`,
  /** On a sandbox Job: `NAMESPACE/NAME` of its action. A way to find it, never a proof. */
  action: `${GROUP}/action`,
} as const;

/**
 * The field manager of an update that asks for a decision or for trust. The API server's policies compare it with what was sealed:
 * unlike the annotations, it is no part of the object, so a mutating webhook cannot change it.
 */
export const askingManager = (word: 'approve' | 'reject' | 'revoke' | 'trust', digest: string): string => `${word}:${digest}`;

/** Labels that admins set on a tenant's namespace. */
export const namespaceLabels = {
  enabled: `${GROUP}/enabled`,
  environment: `${GROUP}/environment`,
} as const;

/** Label of a sandbox Job: the uid of its action. The operator finds by it the Jobs that no action names. */
export const ACTION_UID_LABEL = `${GROUP}/action-uid`;

/** The finalizer of an action: ends what runs before the object goes. */
export const FINALIZER = `${GROUP}/end-runs`;

/** The namespaces of Sentinel's own. */
export const namespaces = {
  system: 'sentinel-system',
  sandboxes: 'sentinel-sandboxes',
  ledger: 'sentinel-ledger',
  schedules: 'sentinel-schedules',
} as const;

/** Audience of the tokens by which sandbox pods and the operator prove to the gateway who they are. */
export const GATEWAY_AUDIENCE = 'sentinel-gateway';

/** The names under which the gateway acts: users that no pod, token or certificate can be. */
export const virtualUser = (stage: 'rehearsal' | 'enforce', namespace: string, account: string): string =>
  `sentinel:${stage}:${namespace}:${account}`;

/** The user that probes the lock inside the API server. */
export const PROBE_USER = 'sentinel:probe';
