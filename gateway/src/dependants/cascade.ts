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
  /** Whether it leaves its own dependants when it goes: its finalizer says so. */
  readonly leavesDependants: boolean;
  /** Whether it is being deleted already. */
  readonly isGoing: boolean;
}

/**
 * What the garbage collector deletes after the object with the uid `owner`: its dependants, and theirs. An object with several owners
 * stays as long as one of them does (controller/garbagecollector attemptToDeleteItem). An owner whose uid is not in `seen` counts as
 * gone: nobody knows that it is there.
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
  // What still has an owner when it is looked at is looked at again when that one goes.
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
