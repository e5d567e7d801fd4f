import { isDeepStrictEqual } from 'node:util';
import { AgentActionSpec, type AgentActionStatus, annotations, askingManager } from '@sentinel/crds';
import {
  approverClaimFault,
  approverClaims,
  type DecisionRecord,
  type Identity,
  parseIdentities,
  parseIdentity,
  sealRecord,
  seconds,
} from '@sentinel/policy';
import type { Authorizer } from '../authorize.ts';
import type { PolicyReader } from '../policy-reader.ts';
import type { SealKey } from '../seal-key.ts';
import { requirePerson, requirePlainClaims, requirePlainNames } from './identity.ts';
import { type AdmissionRequest, type AdmittedObject, Denied, type Mutation } from './review.ts';

/** What a decision is judged and sealed with. */
export interface DecisionContext {
  readonly authorizer: Authorizer;
  readonly policies: PolicyReader;
  /** The key to seal with, as it is now. */
  readonly key: () => SealKey;
}

const ownAnnotations: readonly string[] = [annotations.decision, annotations.plan, annotations.comment];
const decisions = ['approve', 'reject', 'revoke'] as const;
const COMMENT_MAX = 1024;
/** As many as the policy inside the API server takes; the last are kept for rejections. */
const DECISIONS_MAX = 24;
const WITH_REJECTIONS = 32;

/** Whether an update carries a person's request for a decision. */
export function carriesDecision(object: AdmittedObject): boolean {
  return ownAnnotations.some((key) => object.metadata.annotations?.[key] !== undefined);
}

/**
 * Turns a person's annotation into a sealed record, appended to the others. Throws Denied, with what to do next, when the person
 * may not, when the plan is not the current one, or when anything else changes in the same update. A dry-run gets no usable seal.
 */
export async function sealDecision(
  request: AdmissionRequest,
  { authorizer, policies, key: currentKey }: DecisionContext,
  now: Date,
): Promise<Mutation> {
  const { object, oldObject, userInfo } = request;
  if (!object || !oldObject) throw new Denied('a decision can not be made when the action is created: it has no plan yet');
  const asked = object.metadata.annotations ?? {};
  const decision = decisions.find((one) => one === asked[annotations.decision]);
  if (!decision) throw new Denied(`${annotations.decision} must be one of ${decisions.join(', ')}`);
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'decide');
  requireNothingElse(object, oldObject);
  const status = (oldObject.status ?? {}) as AgentActionStatus;
  const plan = requireCurrentPlan(asked[annotations.plan], status);
  requireSaidInRequest(request, decision, plan);
  const comment = asked[annotations.comment];
  if (comment !== undefined && comment.length > COMMENT_MAX)
    throw new Denied(`${annotations.comment} may have at most ${COMMENT_MAX} characters`);
  const requester = parseIdentity(oldObject.metadata.annotations?.[annotations.requestedBy]);
  if (decision === 'approve' && requester?.user === userInfo.username)
    throw new Denied('you asked for this action: somebody else must approve it');
  const editors = parseIdentities(oldObject.metadata.annotations?.[annotations.amendedBy]);
  if (decision === 'approve' && (editors === undefined || editors.some(({ user }) => user === userInfo.username)))
    throw new Denied('you edited this action: somebody else must approve it');
  await authorizer.require(userInfo, {
    verb: 'approve',
    resource: 'agentactions',
    namespace: request.namespace,
    name: request.name,
  });
  requireGroup(decision, status, userInfo.groups);
  const extra = decision === 'approve' ? await requireClaims(request, policies, requester) : {};
  const before = oldObject.metadata.annotations?.[annotations.approvals];
  const most = decision === 'reject' ? WITH_REJECTIONS : DECISIONS_MAX;
  if (before !== undefined && before.split('\n').length >= most) {
    throw new Denied(`an action takes at most ${most} decisions; file it again`);
  }
  const expires =
    decision === 'approve' && status.required
      ? new Date(now.getTime() + seconds(status.required.expiresAfter) * 1000).toISOString()
      : undefined;
  // The order of the first six fields is what the ValidatingAdmissionPolicy compares with the request.
  const record: Omit<DecisionRecord, 'key' | 'seal'> = {
    action: oldObject.metadata.uid ?? '',
    plan,
    user: userInfo.username,
    uid: userInfo.uid,
    groups: userInfo.groups,
    extra,
    decision,
    time: now.toISOString(),
    ...(expires === undefined ? {} : { expires }),
    ...(comment === undefined ? {} : { comment }),
  };
  const key = currentKey();
  const sealed = sealRecord(record, key.id, key.privateKey);
  const line = JSON.stringify(request.dryRun ? { ...sealed, seal: '' } : sealed);
  return {
    annotations: {
      [annotations.decision]: null,
      [annotations.plan]: null,
      [annotations.comment]: null,
      [annotations.approvals]: before === undefined ? line : `${before}\n${line}`,
    },
  };
}

// Groups and claims are in the record, and judged again whenever it is counted.
async function requireClaims(
  { object, namespace, userInfo }: AdmissionRequest,
  policies: PolicyReader,
  requester: Identity | undefined,
): Promise<Record<string, string[]>> {
  const spec = AgentActionSpec.safeParse(object?.spec);
  if (!spec.success || !requester) throw new Denied('the action can not be read, so it is not known whose approval it needs');
  const facts = await policies.read(namespace, spec.data, requester);
  const fault = approverClaimFault(facts.policies, userInfo.extra);
  if (fault !== undefined) throw new Denied(`policy does not accept your identity (${fault})`);
  const judged = approverClaims(facts.policies, userInfo.extra);
  requirePlainClaims(judged);
  return judged;
}

// The policy inside the API server refuses the same; here the person reads what to do.
function requireSaidInRequest({ options }: AdmissionRequest, decision: (typeof decisions)[number], plan: string): void {
  const said = options?.fieldManager ?? '';
  const wanted = askingManager(decision, plan);
  if (said === wanted || (decision !== 'approve' && !/^(approve|reject|revoke):/.test(said))) return;
  throw new Denied(
    `the request must say that it asks to ${decision} this plan, in a place that no webhook can change: add --field-manager=${wanted}`,
  );
}

function requireNothingElse(object: AdmittedObject, oldObject: AdmittedObject): void {
  const rest = (all: Record<string, string> | undefined) =>
    Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => !ownAnnotations.includes(key)));
  const same =
    isDeepStrictEqual(object.spec, oldObject.spec) &&
    isDeepStrictEqual(object.metadata.labels ?? {}, oldObject.metadata.labels ?? {}) &&
    isDeepStrictEqual(object.metadata.finalizers ?? [], oldObject.metadata.finalizers ?? []) &&
    isDeepStrictEqual(rest(object.metadata.annotations), rest(oldObject.metadata.annotations));
  if (!same) throw new Denied('a decision must be the only change of an update');
}

function requireCurrentPlan(asked: string | undefined, status: AgentActionStatus): string {
  const current = status.plan?.digest;
  const state = status.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  if (current === undefined) throw new Denied(`there is no plan to decide on yet (state: ${state ?? 'Pending'})`);
  if (asked === undefined)
    throw new Denied(`${annotations.plan} must hold the digest of the plan that you saw; the current one is ${current}`);
  if (asked !== current)
    throw new Denied(`the plan that you saw (${asked.slice(0, 80)}) is not the current one (${current}); look at it again`);
  if (state !== 'AwaitingApproval' && state !== 'Starting' && state !== 'Suspended')
    throw new Denied(`it is too late to decide: the action is ${state ?? 'Pending'}`);
  return current;
}

function requireGroup(decision: string, status: AgentActionStatus, groups: readonly string[]): void {
  if (decision !== 'approve') return;
  const { approverGroups, refuseGroups } = status.required ?? {};
  const refused = refuseGroups?.find((group) => groups.includes(group));
  if (refused !== undefined) throw new Denied(`policy refuses approvals of members of '${refused}', and you are one`);
  if (approverGroups && !approverGroups.some((group) => groups.includes(group)))
    throw new Denied(`policy asks for an approver from one of the groups ${approverGroups.join(', ')}; you are in none of them`);
  const required = status.required?.groups;
  if (required && !required.some((group) => groups.includes(group))) {
    throw new Denied(`policy asks for an approver from one of the groups ${required.join(', ')}; you are in none of them`);
  }
}
