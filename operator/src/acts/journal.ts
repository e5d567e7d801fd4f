import { ACTS_HEAD, ACTS_JOURNAL, ACTS_TRAIL, type Act, JournaledAct, namespaces } from '@sentinel/crds';
import { configmaps, type KubeClient } from '@sentinel/kube';

/** An act as recorded by the webhook, under its unique key. */
export interface JournalEntry {
  readonly id: string;
  /** Undefined for an entry that cannot be read: it is removed and logged. */
  readonly act: JournaledAct | undefined;
}

export const journalKey = { name: ACTS_JOURNAL, namespace: namespaces.system };
export const trailKey = { name: ACTS_TRAIL, namespace: namespaces.system };

/** The entries of the journal: first the sealed ones in the order of their numbers, then the others in the order of their times. */
export function readJournal(data: Readonly<Record<string, string>> | undefined): JournalEntry[] {
  const entries = Object.entries(data ?? {})
    .filter(([id]) => id !== ACTS_HEAD)
    .map(([id, text]) => ({ id, act: parse(text) }));
  const numberOf = ({ act }: JournalEntry) => act?.sealed?.number ?? Number.POSITIVE_INFINITY;
  const timeOf = ({ act }: JournalEntry) => act?.time ?? '';
  return entries.sort((a, b) => {
    const [one, other] = [numberOf(a), numberOf(b)];
    return one === other ? (timeOf(a) < timeOf(b) ? -1 : 1) : one - other;
  });
}

function parse(text: string): JournaledAct | undefined {
  try {
    return JournaledAct.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Removes entries from the journal. */
export async function removeEntries(client: KubeClient, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await client.patch(configmaps, journalKey, { data: Object.fromEntries(ids.map((id) => [id, null])) }, { type: 'merge' });
}

/** Records an act of the operator itself. Writing the same key again does not add another act. */
export async function writeEntry(client: KubeClient, id: string, act: Act): Promise<void> {
  await client.patch(configmaps, journalKey, { data: { [id]: JSON.stringify(act) } }, { type: 'merge' });
}
