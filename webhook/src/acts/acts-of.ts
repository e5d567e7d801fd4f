import { isDeepStrictEqual } from 'node:util';
import { type Act, type ActKind, type ActTransition, type AgentActionStatus, annotations, digestOf } from '@sentinel/crds';
import { WITHDRAWAL_PREFIX } from '@sentinel/policy';
import type { AdmissionRequest, AdmittedObject } from '../admission/review.ts';

const kinds: Readonly<Record<string, ActKind>> = {
  agentactions: 'AgentAction',
  playbooks: 'Playbook',
  agentpolicies: 'AgentPolicy',
  clusteragentpolicies: 'ClusterAgentPolicy',
};

/** The act that a request is, for the trail of acts; undefined if it changes nothing that is recorded there. */
export function actOf(request: AdmissionRequest, now: Date): Act | undefined {
  const kind = kinds[request.resource.resource];
  const after = request.operation === 'DELETE' ? undefined : (request.object ?? undefined);
  const before = request.oldObject ?? undefined;
  const subject = after ?? before;
  if (kind === undefined || !subject) return undefined;
  // Deleting an object again that is being deleted changes nothing.
  if (!after && subject.metadata.deletionTimestamp !== undefined) return undefined;
  const transitions = transitionsOf(kind, before, after);
  if (transitions.length === 0) return undefined;
  const [trust, standing] = [after && trustOf(after), after && standingOf(after)];
  return {
    transitions,
    time: now.toISOString(),
    user: beginning(request.userInfo.username, USER_MAX),
    uid: beginning(request.userInfo.uid, UID_MAX),
    groups: firstGroups(request.userInfo.groups),
    kind,
    namespace: request.namespace,
    name: subject.metadata.name ?? request.name,
    object: subject.metadata.uid ?? '',
    generation: after?.metadata.generation ?? 0,
    digest: digestOf(subject.spec ?? null),
    ...(after && trust !== (before && trustOf(before)) ? { trust: digestOf(trust ?? null) } : {}),
    ...(after && standing !== (before && standingOf(before)) ? { standing: digestOf(standing ?? null) } : {}),
    ...(kind === 'AgentAction' ? { details: trailOf(subject) } : {}),
  };
}

/** The maximum size of one entry of the journal, in bytes of JSON. */
const USER_MAX = 512;
const UID_MAX = 128;
const GROUPS_MAX = 512;

// As many complete names as fit: no rule evaluates them.
function firstGroups(groups: readonly string[]): string[] {
  let room = GROUPS_MAX;
  return groups.filter((group) => {
    room -= storedSize(group) + 3;
    return room >= 0;
  });
}

// A character may take six bytes. Half of a surrogate pair is not allowed in a record.
const storedSize = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

/** The beginning of a text, with at most the given number of bytes. */
function beginning(text: string, most: number): string {
  let [room, end] = [most, 0];
  for (const character of text) {
    room -= storedSize(character);
    if (room < 0) break;
    end += character.length;
  }
  return text.slice(0, end).toWellFormed();
}

/** Whether an act only stops something: such an act is admitted even if it cannot be recorded. */
export const onlyStops = ({ transitions }: Pick<Act, 'transitions'>): boolean => transitions.every((one) => stopping.has(one));

const stopping: ReadonlySet<ActTransition> = new Set<ActTransition>([
  'PolicySuspended',
  'TrustWithdrawn',
  'StandingApprovalRevoked',
  'ActionDeleted',
  'PlaybookDeleted',
]);

function transitionsOf(kind: ActKind, before: AdmittedObject | undefined, after: AdmittedObject | undefined): ActTransition[] {
  if (kind === 'AgentAction') return after ? [] : ['ActionDeleted'];
  if (kind === 'Playbook') return ofPlaybook(before, after);
  return ofPolicy(before, after);
}

function ofPolicy(before: AdmittedObject | undefined, after: AdmittedObject | undefined): ActTransition[] {
  if (!after) return ['PolicyDeleted'];
  const [was, is] = [isSuspended(before), isSuspended(after)];
  const switched: ActTransition[] = was === is ? [] : [is ? 'PolicySuspended' : 'PolicyLifted'];
  if (!before) return ['PolicyCreated', ...switched];
  return isDeepStrictEqual(restOf(before), restOf(after)) ? switched : ['PolicyEdited', ...switched];
}

function ofPlaybook(before: AdmittedObject | undefined, after: AdmittedObject | undefined): ActTransition[] {
  if (!after) return ['PlaybookDeleted'];
  if (!before) return ['PlaybookCreated'];
  if (!isDeepStrictEqual(before.spec, after.spec)) return ['PlaybookEdited'];
  return [...ofTrust(trustOf(before), trustOf(after)), ...ofStanding(standingOf(before), standingOf(after))];
}

function ofTrust(before: string | undefined, after: string | undefined): ActTransition[] {
  if (after === before) return [];
  return [after === undefined || after.startsWith(WITHDRAWAL_PREFIX) ? 'TrustWithdrawn' : 'PlaybookTrusted'];
}

// Only added to, so whatever is shorter or another text was revoked or removed.
function ofStanding(before: string | undefined, after: string | undefined): ActTransition[] {
  if (after === before) return [];
  const isGiven = after !== undefined && (before === undefined || after.startsWith(`${before}\n`));
  return [isGiven ? 'StandingApprovalGiven' : 'StandingApprovalRevoked'];
}

// The last record of the trail of the action, so that its completeness in the sink can be checked after the action is deleted.
function trailOf({ status }: AdmittedObject): Record<string, string> {
  const { outbox } = (status ?? {}) as AgentActionStatus;
  if (!outbox) return {};
  return {
    'sentinel.action.records': String(outbox.sequence),
    'sentinel.action.head': String(outbox.head ?? ''),
    'sentinel.action.acknowledged': String(outbox.sink?.acknowledged ?? 0),
  };
}

const trustOf = ({ metadata }: AdmittedObject) => metadata.annotations?.[annotations.trust];
const standingOf = ({ metadata }: AdmittedObject) => metadata.annotations?.[annotations.standing];

const specOf = (object: AdmittedObject | undefined) => (object?.spec ?? {}) as { suspended?: unknown };
const isSuspended = (object: AdmittedObject | undefined) => specOf(object).suspended === true;

function restOf(object: AdmittedObject): unknown {
  const { suspended: _, ...rest } = specOf(object);
  return rest;
}
