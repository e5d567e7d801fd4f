import { type AgentActionStatus, annotations, askingManager, effectNumber, Resolution } from '@sentinel/crds';
import type { SigningKey } from '@sentinel/kube/signing-key';
import {
  approverClaimFault,
  approverClaims,
  type DecisionRecord,
  describeSuspensions,
  everyRequester,
  isResolution,
  type PolicySet,
  type Requesters,
  type SealKeys,
  sealRecord,
  seconds,
  tallyDecisions,
  uselessBecause,
} from '@sentinel/policy';
import type { Authorizer } from '../authorize.ts';
import type { PolicyReader } from '../policy-reader.ts';
import { requirePerson, requirePlainClaims, requirePlainNames } from './identity.ts';
import { requireNoAgent, requireSeparation } from './people.ts';
import { requireNotScheduled, requireReasonToApprove, requireReasonToStop, requireRevisable } from './reasons/require-reason.ts';
import { requestersOf, requireSomebodyElse, withPeopleOfSchedule } from './requesters/requesters.ts';
import { type AdmissionRequest, type AdmittedObject, Denied, type Mutation } from './review.ts';
import { requireNothingElse } from './sealed.ts';

/** The dependencies for evaluating and sealing a decision. */
export interface DecisionContext {
  readonly authorizer: Authorizer;
  readonly policies: PolicyReader;
  /** The current key for seals. */
  readonly key: () => SigningKey;
}

const ownAnnotations: readonly string[] = [annotations.decision, annotations.plan, annotations.effect, annotations.comment];
const decisions = ['approve', 'reject', 'revoke', 'request-changes', ...Resolution.options] as const;
type Word = (typeof decisions)[number];
/** States in which people decide on a plan. */
const beforeRun: ReadonlySet<string> = new Set(['AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended']);
const COMMENT_MAX = 1024;
/** The maximum in the policy inside the API server; the last ones are reserved for rejections. */
const DECISIONS_MAX = 24;
const WITH_REJECTIONS = 32;
/** After the run there are no approvals or rejections: resolutions have a separate limit. */
const WITH_RESOLUTIONS = 56;

/** Whether an update carries a person's request for a decision. */
export function carriesDecision(object: AdmittedObject): boolean {
  return ownAnnotations.some((key) => object.metadata.annotations?.[key] !== undefined);
}

/**
 * Turns the annotation of a person into a sealed record, appended to the others. Throws Denied, with what to do next, if the person has no
 * right to decide, if the plan is not the current one, or if anything else changes in the same update. A dry-run gets no valid seal.
 */
export async function sealDecision(
  request: AdmissionRequest,
  { authorizer, policies, key: currentKey }: DecisionContext,
  now: Date,
): Promise<Mutation> {
  const { object, oldObject, userInfo } = request;
  if (!object || !oldObject)
    throw new Denied('PlanNotReady', 'a decision cannot be made when the action is created: it has no plan yet');
  const asked = object.metadata.annotations ?? {};
  const decision = decisions.find((one) => one === asked[annotations.decision]);
  if (!decision) throw new Denied('DecisionInvalid', `${annotations.decision} must be one of ${decisions.join(', ')}`);
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'decide');
  requireNothingElse(object, oldObject, ownAnnotations);
  const status = (oldObject.status ?? {}) as AgentActionStatus;
  const plan = requireCurrentPlan(asked[annotations.plan], decision, status);
  const effect = isResolution(decision) ? requireUnknownEffect(asked[annotations.effect], status) : undefined;
  requireSaidInRequest(request, decision, plan, effect);
  const comment = asked[annotations.comment];
  if (comment !== undefined && comment.length > COMMENT_MAX)
    throw new Denied('CommentTooLong', `${annotations.comment} may have at most ${COMMENT_MAX} characters`);
  const named = requestersOf(oldObject);
  const what = effect === undefined ? 'approve it' : 'resolve its effects';
  // Anybody with the right may reject, agents as well: otherwise anyone who writes a policy could name an approver in it and prevent the
  // rejection. A decision that lets something happen must come from a person who is neither an agent nor the requester.
  const consents = decision === 'approve' || effect !== undefined;
  const requesters = consents ? await withPeopleOfSchedule(policies, oldObject, request.namespace, named) : named;
  if (consents) requireSomebodyElse(userInfo, requesters, what);
  const set = consents ? await policies.policiesAbout(request.namespace, requesters.requester) : undefined;
  if (set) requireNoAgent(set.agents, userInfo, decision);
  await authorizer.require(userInfo, {
    verb: 'approve',
    resource: 'agentactions',
    namespace: request.namespace,
    name: request.name,
  });
  if (consents) requireGroup(status, userInfo.groups);
  if (set && decision === 'approve') requireReasonToApprove(set, status, comment);
  const readPolicies = () => policies.policiesAbout(request.namespace, requesters.requester);
  const before = oldObject.metadata.annotations?.[annotations.approvals];
  if (decision === 'reject') await requireReasonToStop(readPolicies, comment);
  if (decision === 'request-changes') requireNotScheduled(named.requester, 'cannot be revised: reject it');
  if (decision === 'request-changes') requireRevisable(await readPolicies(), before, plan, comment);
  requireUseful(decision, request, oldObject, { status, requesters, keys: await policies.sealKeys(), now });
  const judged = set ? await requireApprover(request, authorizer, { set, requesters, what }) : NOT_JUDGED;
  const most = effect !== undefined ? WITH_RESOLUTIONS : decision === 'reject' ? WITH_REJECTIONS : DECISIONS_MAX;
  if (before !== undefined && before.split('\n').length >= most)
    throw new Denied('DecisionLimitExceeded', beyondLimit(decision, most));
  const expires =
    consents && status.required
      ? new Date(now.getTime() + seconds(status.required.expiresAfter) * 1000).toISOString()
      : undefined;
  // The order of the first six fields is what the ValidatingAdmissionPolicy compares with the request.
  const record: Omit<DecisionRecord, 'key' | 'seal'> = {
    action: oldObject.metadata.uid ?? '',
    plan,
    user: userInfo.username,
    uid: userInfo.uid,
    groups: userInfo.groups,
    extra: judged.extra,
    decision,
    ...(effect === undefined ? {} : { effect }),
    time: now.toISOString(),
    ...(expires === undefined ? {} : { expires }),
    ...(judged.exemptBy === undefined ? {} : { exemptBy: judged.exemptBy }),
    ...(comment === undefined ? {} : { comment }),
  };
  const key = currentKey();
  const sealed = sealRecord(record, key.id, key.privateKey);
  const line = JSON.stringify(request.dryRun ? { ...sealed, seal: '' } : sealed);
  return {
    ...(decision === 'approve' ? { warnings: suspensionWarnings(status) } : {}),
    annotations: {
      [annotations.decision]: null,
      [annotations.plan]: null,
      [annotations.effect]: null,
      [annotations.comment]: null,
      [annotations.approvals]: before ? `${before}\n${line}` : line,
    },
  };
}

function beyondLimit(decision: Word, most: number): string {
  if (isResolution(decision)) return `this action has ${most} decisions, and takes no further resolutions`;
  if (decision === 'reject') return `this action has ${most} decisions, and takes no more: cancel it`;
  return `this action has ${most} decisions, and takes no further approvals or revocations, so that a rejection always finds room: reject it or cancel it, and create it again`;
}

// The decision is sealed and recorded, but turning the kill switch off resumes nothing by itself.
function suspensionWarnings(status: AgentActionStatus): string[] {
  if (!status.conditions?.some(({ type, reason }) => type === 'Succeeded' && reason === 'Suspended')) return [];
  const by = describeSuspensions(status.suspension ?? []);
  return [
    `sentinel: the action is suspended${by === '' ? '' : ` by ${by}`}: this approval is recorded and will not count; approve again after the kill switch is turned off`,
  ];
}

interface JudgedApprover {
  readonly extra: Record<string, string[]>;
  readonly exemptBy: string | undefined;
}
const NOT_JUDGED: JudgedApprover = { extra: {}, exemptBy: undefined };

// Groups and claims are in the record, and evaluated again whenever it is counted; rights are checked again at the start.
async function requireApprover(
  { userInfo }: AdmissionRequest,
  authorizer: Authorizer,
  { set, requesters, what }: { readonly set: PolicySet; readonly requesters: Requesters; readonly what: string },
): Promise<JudgedApprover> {
  const fault = approverClaimFault(set, userInfo.extra);
  if (fault !== undefined) throw new Denied('ApproverClaimNotAllowed', `policy does not accept your identity (${fault})`);
  const extra = approverClaims(set, userInfo.extra);
  requirePlainClaims(extra);
  const identities = everyRequester(requesters);
  return { extra, exemptBy: await requireSeparation(authorizer, set, userInfo, { identities, what }) };
}

// Refused at once, while the person is still there: otherwise a decision without effect would look like one with an effect.
function requireUseful(
  decision: Word,
  { userInfo }: AdmissionRequest,
  { metadata }: AdmittedObject,
  facts: { status: AgentActionStatus; requesters: Requesters; keys: SealKeys; now: Date },
): void {
  const { status, requesters, keys, now } = facts;
  const plan = status.plan?.digest ?? '';
  const { approvals = 1, groups, expiresAfter = '4h', ...more } = status.required ?? {};
  const tally = tallyDecisions({
    approvals: metadata.annotations?.[annotations.approvals],
    actionUid: metadata.uid ?? '',
    plan,
    ...requesters,
    requirements: { approvals, groups, expiresAfter, ...more },
    keys,
    notBefore: status.resumedAt === undefined ? undefined : Date.parse(status.resumedAt),
    now: now.getTime(),
  });
  const useless = uselessBecause(decision, { user: userInfo.username, uid: userInfo.uid }, tally, plan);
  if (useless !== undefined) throw new Denied('DecisionWithoutEffect', useless);
}

// The policy inside the API server refuses the same; this message also says what to do.
function requireSaidInRequest({ options }: AdmissionRequest, decision: Word, plan: string, effect: number | undefined): void {
  const said = options?.fieldManager ?? '';
  const wanted = askingManager(decision, plan, effect);
  const isNo = decision !== 'approve' && !isResolution(decision);
  if (said === wanted || (isNo && !decisions.some((word) => said.startsWith(`${word}:`)))) return;
  throw new Denied(
    'FieldManagerRequired',
    `the request must say that it asks to ${decision} ${effect === undefined ? 'this plan' : `effect ${effectNumber(effect)} of this plan`}, in a place that no webhook can change: add --field-manager=${wanted}`,
  );
}

function requireCurrentPlan(asked: string | undefined, decision: Word, status: AgentActionStatus): string {
  const current = status.plan?.digest;
  const state = status.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  if (current === undefined) throw new Denied('PlanNotReady', `there is no plan to decide on yet (state: ${state ?? 'Pending'})`);
  if (asked === undefined)
    throw new Denied(
      'PlanDigestRequired',
      `${annotations.plan} must hold the digest of the plan that you saw; the current one is ${current}`,
    );
  if (asked !== current)
    throw new Denied(
      'PlanOutdated',
      `the plan that you saw (${asked.slice(0, 80)}) is not the current one (${current}); look at it again`,
    );
  if (isResolution(decision)) {
    if (state === 'OutcomeUnknown') return current;
    throw new Denied('NothingToResolve', `there is nothing to resolve: the action is ${state ?? 'Pending'}`);
  }
  if (!beforeRun.has(state ?? 'Pending'))
    throw new Denied('DecisionTooLate', `it is too late to decide: the action is ${state ?? 'Pending'}`);
  return current;
}

function requireUnknownEffect(asked: string | undefined, { unknownEffects = [] }: AgentActionStatus): number {
  const found = unknownEffects.find(({ effect }) => String(effectNumber(effect)) === asked);
  if (found) return found.effect;
  const open = unknownEffects.map(({ effect }) => effectNumber(effect)).join(', ');
  throw new Denied(
    'EffectNotUnknown',
    `${annotations.effect} must be the number of an effect whose outcome is unknown, counted from 1: ${open === '' ? 'there is none' : open}`,
  );
}

function requireGroup(status: AgentActionStatus, groups: readonly string[]): void {
  const { approverGroups, refuseGroups } = status.required ?? {};
  const refused = refuseGroups?.find((group) => groups.includes(group));
  if (refused !== undefined)
    throw new Denied(
      'ApproverGroupNotAllowed',
      `policy refuses approvals of members of '${refused}', and you are one: use an identity that is not, or have somebody else decide`,
    );
  if (approverGroups && !approverGroups.some((group) => groups.includes(group)))
    throw new Denied(
      'ApproverGroupNotAllowed',
      `policy asks for an approver from one of the groups ${approverGroups.join(', ')}; you are in none of them`,
    );
  const required = status.required?.groups;
  if (required && !required.some((group) => groups.includes(group))) {
    throw new Denied(
      'ApproverGroupNotAllowed',
      `policy asks for an approver from one of the groups ${required.join(', ')}; you are in none of them`,
    );
  }
}
