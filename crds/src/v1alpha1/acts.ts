import { z } from 'zod';

/**
 * Acts: what people do to the objects of Sentinel themselves, that is to policies and Playbooks, and the deletion of actions. Each act is
 * one record of a hash chain of the whole installation. Transitions of an action are recorded in the chain of that action.
 */
export const actTransitions = {
  PolicyCreated: 'Somebody created a policy.',
  PolicyEdited: 'Somebody edited a policy.',
  PolicySuspended: 'Somebody turned the kill switch of a policy on.',
  PolicyLifted: 'Somebody turned the kill switch of a policy off.',
  PolicyDeleted: 'Somebody deleted a policy.',
  PlaybookCreated: 'Somebody created a Playbook.',
  PlaybookEdited: 'Somebody edited a Playbook. Trust in what it was before is void.',
  PlaybookTrusted: 'Somebody sealed the digest of a Playbook.',
  TrustWithdrawn: 'Somebody withdrew the trust in a Playbook.',
  StandingApprovalGiven: 'Somebody approved in advance what the schedule of a Playbook does, until a time.',
  StandingApprovalRevoked: 'Somebody revoked the standing approvals of the schedule of a Playbook.',
  PlaybookDeleted: 'Somebody deleted a Playbook.',
  ActionDeleted: 'Somebody deleted an action. The record names the last record of its audit trail.',
  ActRepeated: 'The API server repeated a request whose act is recorded already: it retries some requests itself.',
  TrailIncomplete:
    'An action was deleted and no sink acknowledged the end of its audit trail in time. The record names what is missing.',
} as const;
export type ActTransition = keyof typeof actTransitions;

/** Kinds whose acts are recorded beside the chains of actions. */
export const actKinds = ['AgentAction', 'Playbook', 'AgentPolicy', 'ClusterAgentPolicy'] as const;
export type ActKind = (typeof actKinds)[number];

const transitions = Object.keys(actTransitions) as [ActTransition, ...ActTransition[]];

// Stored objects have such names and uids. A forged review can contain others, from which no path of the API may be built.
const Label = z.string().regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/);
const Name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const Uid = z.string().max(128);
/** Numbers and digests. */
const Detail = z.string().regex(/^[a-z0-9:-]{0,128}$/);

/** Who did what to which object. The webhook records it when it admits a request, before the API server stores the change. */
export const Act = z.object({
  transitions: z.array(z.enum(transitions)).min(1),
  time: z.string(),
  user: z.string(),
  uid: z.string(),
  groups: z.array(z.string()),
  kind: z.enum(actKinds),
  namespace: Label.describe('Empty for an object of the cluster.'),
  name: Name,
  object: Uid.describe('Uid of the object.'),
  /** The generation that the object has once the change is stored; 0 for a deletion. */
  generation: z.number().int(),
  /** Digest of the spec after the change; that of the last spec for a deletion. */
  digest: z.string(),
  /** Digest of the trust annotation after the change; only set if the annotation changes. */
  trust: z.string().optional(),
  /** Digest of the annotation with standing approvals after the change; only set if the annotation changes. */
  standing: z.string().optional(),
  details: z.record(z.string(), Detail).optional(),
});
export type Act = z.infer<typeof Act>;

/** The ConfigMap to which the webhook writes acts, one key for each request. The operator removes the keys that it has recorded. */
export const ACTS_JOURNAL = 'sentinel-acts';
/** The ConfigMap in which the operator keeps the newest records of the chain. */
export const ACTS_TRAIL = 'sentinel-acts-trail';

/** How long the deletion of an action that has ended waits for a sink to acknowledge the end of its audit trail. */
export const TRAIL_WAIT_MINUTES = 10;

/**
 * How many acts may wait in the journal: of one namespace, of all namespaces, and on cluster-scoped policies. Acts that only stop
 * something have a separate limit, so that other acts cannot use it up. All of them together always fit into one ConfigMap.
 */
export const ACTS_ROOM = {
  change: { namespace: 48, tenants: 160, cluster: 64 },
  stop: { namespace: 32, tenants: 112, cluster: 64 },
  /** Deletions by the operator itself: it waits when this limit is reached. */
  own: { namespace: 16, tenants: 32, cluster: 0 },
} as const;
