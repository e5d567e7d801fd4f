import {
  type AgentAction,
  type AgentActionSpec,
  annotations,
  count,
  finalStates,
  type State,
  successStates,
} from '@sentinel/crds';
import { type Identity, parseIdentity } from '../identity/identity.ts';
import { defaultedLimit } from '../limits/quota.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** The action that another one names as its parent. */
export interface Parent {
  readonly name: string;
  readonly uid: string;
  readonly requester: Identity | undefined;
  readonly mode: AgentActionSpec['mode'];
  /** How it ended; undefined if it has not ended. */
  readonly end: { readonly state: string; readonly wellDone: boolean } | undefined;
  readonly cancelled: boolean;
  /** Its own ancestors, the first of them first. */
  readonly lineage: readonly { readonly name: string; readonly uid: string }[];
}

/** An action in the form of a parent. */
export function parentOf({ metadata, spec, status }: AgentAction): Parent {
  const state = status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason as State | undefined;
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    requester: parseIdentity(metadata.annotations?.[annotations.requestedBy]),
    mode: spec.mode,
    end: state !== undefined && finalStates.has(state) ? { state, wellDone: successStates.has(state) } : undefined,
    cancelled: spec.cancelled || metadata.deletionTimestamp !== undefined,
    lineage: status?.lineage ?? [],
  };
}

/**
 * Whether an action may be a child of the action that it names. It inherits everything that holds its parent and is never looser: it has the
 * same requester and so the same policies, a child of a DryRun is a DryRun, and an ended action gets no children.
 * `siblings` is the number of children that the parent has; undefined if it is not counted yet.
 */
export function judgeParent(
  set: PolicySet,
  child: {
    readonly spec: Pick<AgentActionSpec, 'intent' | 'mode'>;
    readonly requester: Identity;
    readonly uid?: string | undefined;
  },
  parent: Parent | undefined,
  siblings: number | undefined,
): Refusal[] {
  const name = child.spec.intent.parentAction;
  if (name === undefined) return [];
  const built = (message: string, code: PolicyErrorCode = 'ParentNotAllowed'): Refusal => ({
    code,
    policy: 'Sentinel',
    rule: 'parentAction',
    message,
  });
  if (!parent) return [built(`there is no AgentAction '${name}' in this namespace`, 'ParentNotFound')];
  const found: Refusal[] = [];
  if (child.uid !== undefined && [parent, ...parent.lineage].some(({ uid }) => uid === child.uid))
    found.push(built(`'${name}' is a descendant of this action`));
  if (parent.requester?.user !== child.requester.user)
    found.push(built(`'${name}' has another requester; a parent must have the same one`));
  if (parent.end || parent.cancelled) found.push(built(`'${name}' has ended (${parent.end?.state ?? 'Cancelled'})`));
  if (parent.mode === 'DryRun' && child.spec.mode === 'Apply')
    found.push(built(`'${name}' is a DryRun, so its child actions must be DryRuns too`));
  return [...found, ...ofLimits(set, parent, siblings)];
}

function ofLimits(set: PolicySet, parent: Parent, siblings: number | undefined): Refusal[] {
  const depth = defaultedLimit(set, 'depth');
  const children = defaultedLimit(set, 'children');
  const found: Refusal[] = [];
  if (parent.lineage.length + 1 > depth.limit)
    found.push({
      code: 'DepthExceeded',
      policy: depth.policy,
      rule: 'limits.depth',
      message: `'${parent.name}' has ${count(parent.lineage.length, 'ancestor')} itself; an action may have at most ${depth.limit}`,
    });
  if (children.limit === 0 || (siblings !== undefined && siblings >= children.limit))
    found.push({
      code: 'ChildrenExceeded',
      policy: children.policy,
      rule: 'limits.children',
      message:
        children.limit === 0
          ? 'an action may have no children'
          : `'${parent.name}' has ${siblings} children; at most ${children.limit} are allowed`,
    });
  return found;
}

/** Why an action must end because of its parent, which is looked up by name; undefined if it may continue. */
export function endedByParent(
  parent: Parent | undefined,
  uid: string | undefined,
  mode: AgentActionSpec['mode'],
): string | undefined {
  if (uid === undefined) return undefined;
  if (!parent || parent.uid !== uid) return 'its parent action no longer exists';
  if (parent.cancelled) return `its parent action '${parent.name}' was cancelled`;
  if (parent.mode === 'DryRun' && mode === 'Apply') return `its parent action '${parent.name}' is a DryRun now`;
  if (parent.end && !parent.end.wellDone) return `its parent action '${parent.name}' ended ${parent.end.state}`;
  return undefined;
}
