import { isDeepStrictEqual } from 'node:util';
import { AgentActionSpec, annotations, FINALIZER } from '@sentinel/crds';
import {
  accountUsers,
  adHocPlaybook,
  admit,
  allHold,
  dataHandling,
  isAdHoc,
  isSchedule,
  judgeAgent,
  judgeParent,
  judgeRollbackOf,
  judgeScheduled,
  type LentAccount,
  parseIdentity,
  type Refusal,
  trustOf,
  UNTRUSTED_STEPS,
} from '@sentinel/policy';
import { noteRefusals } from '../metrics.ts';
import { carriesDecision, type DecisionContext, sealDecision } from './decision.ts';
import { actorStampOf, stampOf } from './identity.ts';
import { keptIntent } from './intent.ts';
import type { ActionQuota } from './quota.ts';
import { requireNotScheduled } from './reasons/require-reason.ts';
import { type AdmissionRequest, Denied, deniedByPolicy, type Mutation, type UserInfo } from './review.ts';

export interface ActionContext extends DecisionContext {
  /** Throws TooManyRequests for an edit that exceeds the rate limit, which leaves room for decisions. */
  readonly requireEditRate: (request: AdmissionRequest) => void;
  /** Where the request came from. */
  readonly address: string;
  /** How many actions may be open, and how much may be stored for them. */
  readonly quota: Pick<ActionQuota, 'admit'>;
  /** Evaluates a decision while edits of its object are refused (EditRate.hold). */
  readonly holdEdits: <T>(request: AdmissionRequest, judge: () => Promise<T>) => Promise<T>;
}

/** Admits an AgentAction: records the requester and refuses what policy already forbids, or seals a decision. Throws Denied. */
export async function admitAction(request: AdmissionRequest, context: ActionContext, now: Date): Promise<Mutation | undefined> {
  const { object } = request;
  if (!object) return undefined;
  if (request.operation === 'CREATE') return await file(request, context, now);
  if (carriesDecision(object)) return await context.holdEdits(request, () => sealDecision(request, context, now));
  return await edit(request, context);
}

// Those who trusted a schedule lend it the right to use the account. The claims of the caller are not theirs.
function mayUse(userInfo: UserInfo, facts: LentAccount, holds: (user: UserInfo) => Promise<boolean>): Promise<boolean> {
  const requester = { user: userInfo.username, uid: userInfo.uid, groups: userInfo.groups };
  return allHold(accountUsers(requester, facts), ({ user, uid, groups }) =>
    holds(
      user === userInfo.username ? userInfo : { ...userInfo, username: user, uid: uid ?? '', groups: [...groups], extra: {} },
    ),
  );
}

function refusedByPolicy(refusals: readonly Refusal[]): Denied {
  noteRefusals(refusals);
  return deniedByPolicy(refusals);
}

// An edit is handled like a creation: its identity must be accepted, and its intent is masked.
async function edit(request: AdmissionRequest, { policies, requireEditRate }: ActionContext): Promise<Mutation | undefined> {
  const { object, oldObject, namespace, userInfo } = request;
  // An action can be cancelled only once.
  if (!isCancelled(object?.spec) || isCancelled(oldObject?.spec)) requireEditRate(request);
  const spec = AgentActionSpec.safeParse(object?.spec);
  const before = AgentActionSpec.safeParse(oldObject?.spec);
  const requester = parseIdentity(oldObject?.metadata.annotations?.[annotations.requestedBy]);
  if (!spec.success || !before.success || !requester || isOnlyCancelled(spec.data, before.data))
    return noteEditor(request, object?.spec);
  requireNotScheduled(requester, 'can only be cancelled or rejected: cancel it');
  const facts = await policies.read(namespace, spec.data, requester);
  if (requester.user === userInfo.username) {
    const editor = { user: userInfo.username, uid: userInfo.uid, groups: userInfo.groups };
    const refusals = judgeAgent(facts.policies, editor, userInfo.extra);
    if (refusals.length > 0) throw refusedByPolicy(refusals);
  }
  const intent = await keptIntent(dataHandling(facts.policies), spec.data.intent, before.data.intent);
  if (isDeepStrictEqual(intent, spec.data.intent)) return noteEditor(request, object?.spec);
  const stored = { ...spec.data, intent };
  const noted = noteEditor(request, isDeepStrictEqual(stored, before.data) ? oldObject?.spec : stored);
  return { ...noted, annotations: { ...noted?.annotations, ...FORGOTTEN }, intent };
}

// The annotation of `kubectl apply` contains the whole action as it was sent.
const FORGOTTEN = { 'kubectl.kubernetes.io/last-applied-configuration': null };

// The requester may always cancel their action.
const isOnlyCancelled = (spec: AgentActionSpec, before: AgentActionSpec) =>
  isDeepStrictEqual(withoutEnd(spec), withoutEnd(before));

const withoutEnd = ({ cancelled: _, cancelComment: __, ...rest }: AgentActionSpec) => rest;

// Either a Playbook, complete ad-hoc steps, or an action to undo. Anything else violates the schema, which is checked after this.
function saysWhatToDo({ playbookRef, steps, rollbackOf, account, image, parameters }: AgentActionSpec): boolean {
  if (rollbackOf) return playbookRef === undefined && steps === undefined && account !== undefined && parameters === undefined;
  if (steps === undefined) return playbookRef !== undefined;
  return playbookRef === undefined && parameters === undefined && account !== undefined && image !== undefined;
}

// Each change records who made it. Anyone who edits the action of another person counts as a requester from then on, and cannot
// approve it.
function noteEditor({ object, oldObject, userInfo }: AdmissionRequest, stored: unknown): Mutation | undefined {
  if (!object || !oldObject || isDeepStrictEqual(stored, oldObject.spec)) return undefined;
  const cancels = isCancelled(object.spec) && !isCancelled(oldObject.spec);
  const actor = actorStampOf(userInfo);
  const stamps = { [annotations.changedBy]: actor, ...(cancels ? { [annotations.cancelledBy]: actor } : {}) };
  const requester = parseIdentity(oldObject.metadata.annotations?.[annotations.requestedBy]);
  if (requester?.user === userInfo.username) return { annotations: stamps };
  const before = oldObject.metadata.annotations?.[annotations.amendedBy];
  const stamp = stampOf(userInfo);
  return { annotations: { ...stamps, [annotations.amendedBy]: before ? `${before}\n${stamp}` : stamp } };
}

const isCancelled = (spec: unknown) => (spec as { cancelled?: unknown } | null | undefined)?.cancelled === true;

async function file(
  request: AdmissionRequest,
  { address, authorizer, policies, quota }: ActionContext,
  now: Date,
): Promise<Mutation> {
  const { object, userInfo, namespace } = request;
  if (object && carriesDecision(object))
    throw new Denied('PlanNotReady', 'a decision cannot be made when the action is created: it has no plan yet');
  const spec = AgentActionSpec.safeParse(object?.spec);
  let intent: AgentActionSpec['intent'] | undefined;
  // Violations of the schema are reported by the API server, with better messages, right after this.
  if (spec.success && saysWhatToDo(spec.data)) {
    const requester = { user: userInfo.username, uid: userInfo.uid, groups: userInfo.groups };
    const facts = await policies.read(namespace, spec.data, requester);
    const playbook = adHocPlaybook({ metadata: { name: request.name, namespace }, spec: spec.data }) ?? facts.playbook;
    const account = playbook?.spec.account;
    const metadata = { ...object?.metadata, name: object?.metadata.name ?? '' };
    const trust = isAdHoc(spec.data) ? UNTRUSTED_STEPS : trustOf(facts.playbook, facts.keys, facts.policies);
    const mayUseAccount =
      account === undefined
        ? undefined
        : await mayUse(userInfo, { action: { metadata, spec: spec.data }, playbook, trust }, (user) =>
            authorizer.allows(user, { verb: 'use', resource: 'accounts', namespace, name: account }),
          );
    const admission = {
      spec: spec.data,
      policies: facts.policies,
      playbook,
      trust,
      mayUseAccount,
    };
    // The children of the parent are counted by the operator, which admits one action at a time.
    const family = judgeParent(facts.policies, { spec: spec.data, requester }, facts.parent, undefined);
    const unscheduled = isSchedule(requester)
      ? judgeScheduled({ ...metadata, spec: spec.data, playbook: facts.playbook, trust, now: now.getTime() })
      : [];
    // Other rollbacks of the same action are counted by the operator.
    const undone = judgeRollbackOf({ spec: spec.data }, { original: facts.original, activity: [] });
    const identity = judgeAgent(facts.policies, requester, userInfo.extra);
    const refusals = [...identity, ...admit(admission), ...family, ...undone, ...unscheduled];
    // A refused action must not be counted.
    const refused = refusals.length > 0 ? refusals : quota.admit(facts.policies, request, address);
    if (refused.length > 0) throw refusedByPolicy(refused);
    const kept = await keptIntent(dataHandling(facts.policies), spec.data.intent);
    if (!isDeepStrictEqual(kept, spec.data.intent)) intent = kept;
  }
  const stamp = stampOf(userInfo);
  const stamps = {
    [annotations.requestedBy]: stamp,
    [annotations.amendedBy]: null,
    [annotations.approvals]: null,
    [annotations.changedBy]: null,
    [annotations.cancelledBy]: isCancelled(object?.spec) ? actorStampOf(userInfo) : null,
  };
  return {
    annotations: intent === undefined ? stamps : { ...stamps, ...FORGOTTEN },
    addFinalizer: FINALIZER,
    ...(intent === undefined ? {} : { intent }),
  };
}
