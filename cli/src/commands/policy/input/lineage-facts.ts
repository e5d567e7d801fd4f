import { type AgentAction, type AgentActionSpec, finalStates, type State, states, successStates } from '@sentinel/crds';
import {
  type Activity,
  type Identity,
  judgeBudget,
  judgeParent,
  type Parent,
  type PolicySet,
  parentOf,
  type Refusal,
} from '@sentinel/policy';
import { z } from 'zod';

/** The parent of an action in a test case: the differences from an Apply action of the same requester that has no children yet. */
export const CaseParent = z.strictObject({
  mode: z.enum(['DryRun', 'Apply']).default('Apply'),
  requester: z.string().min(1).optional(),
  /** How many ancestors the parent has. */
  depth: z.int().min(0).max(10).default(0),
  /** How many children it has already. */
  children: z.int().min(0).default(0),
  /** How many objects the parent and all its descendants have changed. */
  changed: z.int().min(0).default(0),
  /** The state in which it ended. */
  ended: z
    .enum(Object.keys(states) as [State, ...State[]])
    .refine((state) => finalStates.has(state), 'must be a state in which an action ends, such as Succeeded')
    .optional(),
});
export type CaseParent = z.infer<typeof CaseParent>;

/** The facts about the lineage of an action. */
export interface Family {
  readonly parent: Parent | undefined;
  readonly siblings: number | undefined;
  /** How many objects its relatives have changed. */
  readonly changed: number;
}

const NAME = 'parent';

/** The lineage that a case describes. Omitted fields have values that only a limit could refuse. */
export function familyOfCase(said: CaseParent | undefined, spec: AgentActionSpec, requester: Identity): Family {
  const { mode, depth, children, changed, ended, requester: other } = said ?? { ...CaseParent.parse({}), mode: spec.mode };
  const parent: Parent = {
    name: spec.intent.parentAction ?? NAME,
    uid: NAME,
    requester: other === undefined ? requester : { user: other, groups: [] },
    mode,
    end: ended === undefined ? undefined : { state: ended, wellDone: successStates.has(ended) },
    cancelled: ended === 'Cancelled',
    lineage: Array.from({ length: depth }, (_, index) => ({ name: `ancestor-${index + 1}`, uid: `ancestor-${index + 1}` })),
  };
  return { parent, siblings: children, changed };
}

/**
 * The lineage of an action in a cluster, from all actions of its namespace, as it was when the action was created: only earlier children
 * are counted. The current state of the parent is only taken into account with `now`, because it does not depend on policies.
 */
export function familyOf(action: AgentAction, all: readonly AgentAction[], now: boolean): Family {
  const name = action.spec.intent.parentAction;
  const recorded = action.status?.lineage?.at(-1);
  const found = all.find(({ metadata }) => metadata.name === name && (!recorded || metadata.uid === recorded.uid));
  const uid = recorded?.uid ?? found?.metadata.uid;
  const isSibling = (one: AgentAction) =>
    one !== action && one.metadata.uid !== action.metadata.uid && one.status?.lineage?.at(-1)?.uid === uid;
  const before = all.filter((one) => isSibling(one) && filed(one) < filed(action));
  if (!found && (now || !recorded)) return { parent: undefined, siblings: undefined, changed: 0 };
  const parent = found ? parentOf(found) : gone(action, recorded?.name ?? '');
  return {
    parent: now ? parent : { ...parent, end: undefined, cancelled: false },
    siblings: before.length,
    changed: 0,
  };
}

const filed = ({ metadata }: AgentAction) => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;

// A parent that no longer exists, as far as its child names it.
function gone({ spec, status, metadata }: AgentAction, name: string): Parent {
  const lineage = status?.lineage ?? [];
  const { requester } = parentOf({ spec, metadata } as AgentAction);
  return {
    name,
    uid: lineage.at(-1)?.uid ?? '',
    requester,
    mode: spec.mode,
    end: undefined,
    cancelled: false,
    lineage: lineage.slice(0, -1),
  };
}

/** Why an action may not be a child of its parent; empty for an action without a parent. */
export function judgeFamily(set: PolicySet, spec: AgentActionSpec, requester: Identity, { parent, siblings }: Family): Refusal[] {
  return judgeParent(set, { spec, requester }, parent, siblings);
}

/** Why the lineage of an action may not change this many additional objects. */
export function judgeFamilyBudget(set: PolicySet, { changed }: Family, effects: number): Refusal[] {
  return judgeBudget(set, relative('self', 0), [relative('other', changed)], effects);
}

const relative = (uid: string, changed: number): Activity => ({
  uid,
  namespace: '',
  name: uid,
  requester: { user: '', groups: [] },
  playbook: '',
  playbookDigest: undefined,
  admitted: undefined,
  phase: 'Running',
  attempts: 1,
  rehearsed: [],
  asked: undefined,
  queued: undefined,
  ended: undefined,
  failed: false,
  succeeded: false,
  parent: undefined,
  root: 'root',
  changed,
  targets: [],
});
