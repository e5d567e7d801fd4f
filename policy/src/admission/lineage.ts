import { type AgentAction, type AgentActionSpec, annotations, finalStates, type State, successStates } from '@sentinel/crds';
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
  /** How it ended; undefined while it lives. */
  readonly end: { readonly state: string; readonly wellDone: boolean } | undefined;
  readonly cancelled: boolean;
  /** Its own ancestors, the first of them first. */
  readonly lineage: readonly { readonly name: string; readonly uid: string }[];
}

/** An action as those see it that are a part of it. */
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
 * Whether an action may be a part of the action that it names. It inherits what holds its parent and is never looser: the same
 * requester and so the same policies, no more than a rehearsal of a rehearsal's part, and no child of what has come to its end.
 * `siblings` counts the children that the parent has already; undefined where it is not counted yet.
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
  const built = (message: string, remedy: string, code: PolicyErrorCode = 'ParentNotAllowed'): Refusal => ({
    code,
    policy: 'Sentinel',
    rule: 'parentAction',
    message,
    remedy,
  });
  if (!parent)
    return [
      built(`there is no AgentAction '${name}' in this namespace`, 'Name a parent that exists, or none.', 'ParentNotFound'),
    ];
  const found: Refusal[] = [];
  if (child.uid !== undefined && [parent, ...parent.lineage].some(({ uid }) => uid === child.uid))
    found.push(built(`'${name}' is a part of this action itself`, 'Name another parent, or none.'));
  if (parent.requester?.user !== child.requester.user)
    found.push(
      built(
        `'${name}' was filed by somebody else`,
        'An action is a part only of one that the same requester filed: leave it out.',
      ),
    );
  if (parent.end || parent.cancelled)
    found.push(built(`'${name}' has come to its end (${parent.end?.state ?? 'Cancelled'})`, 'File it without a parent.'));
  if (parent.mode === 'DryRun' && child.spec.mode === 'Apply')
    found.push(built(`'${name}' is a DryRun, and a part of it can be nothing more`, "File it with mode 'DryRun'."));
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
      message: `'${parent.name}' has ${parent.lineage.length} ancestor(s) itself; an action may have at most ${depth.limit}`,
      remedy: 'File it as a part of an action higher up.',
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
      remedy: 'File it without a parent, or ask an admin.',
    });
  return found;
}

/** Why a living action must end because of its parent, which is looked up by the name that it gave; undefined when it may go on. */
export function endedByParent(
  parent: Parent | undefined,
  uid: string | undefined,
  mode: AgentActionSpec['mode'],
): string | undefined {
  if (uid === undefined) return undefined;
  if (!parent || parent.uid !== uid) return 'the action that it is a part of is gone';
  if (parent.cancelled) return `'${parent.name}', of which it is a part, was cancelled`;
  if (parent.mode === 'DryRun' && mode === 'Apply') return `'${parent.name}', of which it is a part, is a DryRun now`;
  if (parent.end && !parent.end.wellDone) return `'${parent.name}', of which it is a part, ended ${parent.end.state}`;
  return undefined;
}
