/** An object that names others as its owners. */
export interface Owned {
  readonly uid: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Uids of its owners. */
  readonly owners: readonly string[];
  /** The uid of the owner whose controller manages it; undefined if no owner is marked so. */
  readonly controller?: string | undefined;
  /** Whether its own dependants are orphaned when it is deleted, because of its finalizer. */
  readonly leavesDependants: boolean;
  /** Whether it is being deleted already. */
  readonly isGoing: boolean;
}

/**
 * What the garbage collector deletes after the object with the uid `owner`: its dependants, and theirs. An object with several owners
 * stays as long as one of them exists (controller/garbagecollector attemptToDeleteItem). An owner whose uid is not in `seen` is assumed
 * to be gone, because nothing proves that it exists.
 */
export function cascadeOf(owner: string, owned: readonly Owned[], seen: ReadonlySet<string>): Owned[] {
  const byOwner = new Map<string, Owned[]>();
  for (const one of owned)
    for (const uid of one.owners) {
      const siblings = byOwner.get(uid);
      if (siblings) siblings.push(one);
      else byOwner.set(uid, [one]);
    }
  const gone = new Set([owner]);
  const found: Owned[] = [];
  // An object that still has an owner is checked again when that owner is deleted.
  for (const open = [owner]; open.length > 0; ) {
    const uid = open.pop() ?? '';
    for (const one of byOwner.get(uid) ?? []) {
      if (gone.has(one.uid) || !one.owners.every((other) => gone.has(other) || !seen.has(other))) continue;
      gone.add(one.uid);
      found.push(one);
      if (!one.leavesDependants) open.push(one.uid);
    }
  }
  return found;
}

/**
 * Those of the dependants of an object that others attached to it, or to something below it: no owner that goes along manages them as its
 * controller. What is being deleted already does not count.
 */
export function attachedByOthers(owner: string, dependants: readonly Owned[]): Owned[] {
  const going = new Set([owner, ...dependants.map(({ uid }) => uid)]);
  return dependants.filter(({ controller, isGoing }) => !isGoing && (controller === undefined || !going.has(controller)));
}
