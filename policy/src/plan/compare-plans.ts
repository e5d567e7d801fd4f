import { type ActionPlanSpec, digestOf, type Effect } from '@sentinel/crds';

/** What is different in a plan from the one before it. */
export interface PlanDifference {
  /** Effects that only the new plan has. */
  readonly added: readonly Effect[];
  /** Effects that only the earlier plan has. */
  readonly removed: readonly Effect[];
  /** Effects on one object that are not the same. */
  readonly changed: readonly { readonly before: Effect; readonly after: Effect }[];
  /** How many effects are the same. */
  readonly same: number;
  /** What else differs, as sentences for people. */
  readonly others: readonly string[];
}

/** Compares a plan with the one before it: effects by their object and by the digest of their complete change. */
export function comparePlans(before: ActionPlanSpec, after: ActionPlanSpec): PlanDifference {
  const earlier = byObject(before.effects);
  const [added, changed]: [Effect[], { before: Effect; after: Effect }[]] = [[], []];
  let same = 0;
  for (const effect of after.effects) {
    const match = takeMatch(earlier.get(objectKey(effect)), effect);
    if (!match) added.push(effect);
    else if (isSame(match, effect)) same += 1;
    else changed.push({ before: match, after: effect });
  }
  return { added, changed, removed: [...earlier.values()].flat(), same, others: otherDifferences(before, after) };
}

/** A difference in a few words, for records and messages. */
export function summarizeDifference({ added, removed, changed, same, others }: PlanDifference): string {
  const counts = [`${changed.length} changed`, `${added.length} added`, `${removed.length} removed`, `${same} the same`];
  return [`effects: ${counts.join(', ')}`, ...others].join('; ');
}

// Effects on one object are compared in their order; an equal one is matched first.
function takeMatch(candidates: Effect[] | undefined, effect: Effect): Effect | undefined {
  if (!candidates) return undefined;
  const equal = candidates.findIndex((one) => isSame(one, effect));
  return candidates.splice(Math.max(0, equal), 1)[0];
}

const objectKey = ({ apiGroup, resource, namespace = '', name }: Effect) => JSON.stringify([apiGroup, resource, namespace, name]);

function byObject(effects: readonly Effect[]): Map<string, Effect[]> {
  const found = new Map<string, Effect[]>();
  for (const effect of effects) found.set(objectKey(effect), [...(found.get(objectKey(effect)) ?? []), effect]);
  return found;
}

const isSame = (a: Effect, b: Effect): boolean => contentOf(a) === contentOf(b);

// The uid tells an object from a later one of its name.
const contentOf = ({ verb, version, uid, changeDigest, deletion }: Effect): string =>
  digestOf({ verb, version, uid: uid ?? '', changeDigest, deletion: deletion ?? null });

function otherDifferences(before: ActionPlanSpec, after: ActionPlanSpec): string[] {
  const rows: readonly (readonly [what: string, before: string, after: string])[] = [
    ['risk', before.risk.level, after.risk.level],
    ['Playbook', before.playbook.name, after.playbook.name],
    ['account', before.account, after.account],
    ['environment', before.environment ?? 'none', after.environment ?? 'none'],
    ['rollback', before.rollback.from, after.rollback.from],
    ['approvals', String(before.required.approvals), String(after.required.approvals)],
  ];
  const values = rows.flatMap(([what, was, is]) => (was === is ? [] : [`${what}: ${is} instead of ${was}`]));
  const isOtherVersion =
    before.playbook.name === after.playbook.name && !after.playbook.adHoc && before.playbook.digest !== after.playbook.digest;
  return [
    ...values,
    ...(isOtherVersion ? ['another version of the Playbook'] : []),
    ...(digestOf(before.steps) === digestOf(after.steps) ? [] : ['other steps']),
    ...(digestOf(before.verify ?? []) === digestOf(after.verify ?? []) ? [] : ['other verification']),
  ];
}
