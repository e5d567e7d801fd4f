import { randomUUID } from 'node:crypto';
import { Refused } from '../request/refused.ts';
import type { Replica } from './claim.ts';
import { type Entry, intendAgain, refuse } from './entry.ts';
import { type Ledger, Overtaken } from './store.ts';

/**
 * Withdraws an intent that was never sent: anyone who intended it can no longer send it. Throws Overtaken when it was sent after all, or
 * when somebody else moved it.
 */
export async function withdraw(ledger: Ledger, entry: Entry, { process }: Pick<Replica, 'process'>): Promise<void> {
  const owner = { process, nonce: randomUUID() };
  const mine = await ledger.store(intendAgain(entry, owner));
  await ledger.store(refuse(mine, owner, 'the run ended, or another process took it over, before it was sent'));
}

/**
 * Withdraws all intents of a run that is closed: a process that stored an intent may have read the claim before it was closed. Throws
 * Refused (503) if one of them was sent nevertheless.
 */
export async function withdrawIntents(ledger: Ledger, jobUid: string, replica: Pick<Replica, 'process'>): Promise<void> {
  try {
    for (const entry of await ledger.entries(jobUid, ['Intended'])) await withdraw(ledger, entry, replica);
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
    throw new Refused(503, 'RunNotEnded', 'a write is under way; ask again');
  }
}
