import { randomUUID } from 'node:crypto';
import type { Replica } from './claim.ts';
import { type Entry, intendAgain, refuse } from './entry.ts';
import type { Ledger } from './store.ts';

/**
 * Withdraws an intent that was never sent: anyone who intended it can no longer send it. Throws Overtaken when it was sent after all, or
 * when somebody else moved it.
 */
export async function withdraw(ledger: Ledger, entry: Entry, { process }: Pick<Replica, 'process'>): Promise<void> {
  const owner = { process, nonce: randomUUID() };
  const mine = await ledger.store(intendAgain(entry, owner));
  await ledger.store(refuse(mine, owner, 'the run ended, or another process took it over, before it was sent'));
}
