/** The note of a policy that is suspended. */
export const SUSPENDED = 'suspended';

/** Suspensions by policies, as the gateway has seen them itself: `suspended`, or when one was lifted. By the key of the policy. */
export type SuspensionNotes = Readonly<Record<string, string>>;

/** How many policies of a namespace have a note of their own. */
export const NOTES_OF_NAMESPACE = 16;
/** How many policies of the cluster have one. */
const NOTES_OF_CLUSTER = 256;

// No name of an object holds '_', so no policy has this key.
const FOLDED = '_others';
const prefixOf = (key: string) =>
  key.startsWith('ClusterAgentPolicy.') ? 'ClusterAgentPolicy.' : /^AgentPolicy\.[^.]*\./.exec(key)?.[0];

const roomOf = (prefix: string) => (prefix === 'ClusterAgentPolicy.' ? NOTES_OF_CLUSTER : NOTES_OF_NAMESPACE);

/**
 * Merges the notes of all deleted policies of a namespace, and of policies above the limit, into one: `suspended` if one of them is, otherwise
 * when the last of them was lifted. That note applies to everyone in the namespace, as the note of a deleted policy always does, so no
 * suspension is lost and no tenant can use up the room of others.
 */
export function foldNotes(notes: SuspensionNotes, existing: ReadonlySet<string>): SuspensionNotes {
  const kept: Record<string, string> = {};
  const room = new Map<string, number>();
  const folded = new Map<string, string>();
  for (const [key, value] of Object.entries(notes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const prefix = prefixOf(key);
    const taken = room.get(prefix ?? '') ?? 0;
    if (prefix === undefined || (existing.has(key) && taken < roomOf(prefix))) {
      kept[key] = value;
      room.set(prefix ?? '', taken + 1);
    } else folded.set(`${prefix}${FOLDED}`, later(folded.get(`${prefix}${FOLDED}`), value));
  }
  return { ...kept, ...Object.fromEntries(folded) };
}

// A time that cannot be parsed counts as now, so it is kept.
function later(one: string | undefined, other: string): string {
  if (one === undefined || other === SUSPENDED) return other;
  if (one === SUSPENDED || Number.isNaN(Date.parse(one))) return one;
  return Date.parse(one) >= Date.parse(other) ? one : other;
}

/** The merge patch from `before` to `after`; undefined if they are equal. */
export function notesPatch(before: SuspensionNotes, after: SuspensionNotes): Record<string, string | null> | undefined {
  const changed = Object.entries(after).filter(([key, value]) => before[key] !== value);
  const gone = Object.keys(before).filter((key) => !(key in after));
  if (changed.length + gone.length === 0) return undefined;
  return { ...Object.fromEntries(changed), ...Object.fromEntries(gone.map((key) => [key, null])) };
}
