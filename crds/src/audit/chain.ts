import { digestOf } from '../digest/canonical.ts';
import type { AuditRecord } from '../v1alpha1/audit.ts';

/** The `previous` of the first record. */
export const GENESIS = `sha256:${'0'.repeat(64)}`;

/** A record before it has a place in the chain. */
export type AuditEntry = Omit<AuditRecord, 'sequence' | 'previous' | 'hash'>;

/** The hash of a record: over every field but `hash` itself. */
export function recordHash(record: Omit<AuditRecord, 'hash'> & { hash?: string }): string {
  const { hash: _, ...covered } = record;
  return digestOf(covered);
}

/**
 * Appends an entry to the chain after `last`, its newest record, or as the first record. Details are sorted by name, because a sink
 * that stores them as attributes does not keep their order, and the chain must also verify from there.
 */
export function chainRecord(last: { sequence: number; hash: string } | undefined, entry: AuditEntry): AuditRecord {
  const details = entry.details && [...entry.details].sort((a, b) => (a.name < b.name ? -1 : 1));
  const record = {
    ...entry,
    ...(details ? { details } : {}),
    sequence: (last?.sequence ?? 0) + 1,
    previous: last?.hash ?? GENESIS,
  };
  return { ...record, hash: recordHash(record) };
}

/** Verifies a chain. Returns one sentence per fault; empty if the chain is valid. `head` is the newest hash according to the object. */
export function verifyChain(records: readonly AuditRecord[], head?: { sequence: number; hash: string }): string[] {
  const findings: string[] = [];
  let before: AuditRecord | undefined;
  for (const record of records) {
    if (recordHash(record) !== record.hash)
      findings.push(`record ${record.sequence} was changed: its hash does not match its content`);
    if (before && record.sequence !== before.sequence + 1) {
      findings.push(`records ${before.sequence + 1} to ${record.sequence - 1} are missing or out of order`);
    } else if (before && record.previous !== before.hash) {
      findings.push(`record ${record.sequence} does not follow record ${before.sequence}: its previous hash differs`);
    }
    if (!before && record.sequence === 1 && record.previous !== GENESIS) findings.push('record 1 claims a record before it');
    before = record;
  }
  if (head && before && (before.sequence !== head.sequence || before.hash !== head.hash)) {
    findings.push(
      `the chain ends at record ${before.sequence}, but its head is record ${head.sequence}: the end was cut off or replaced`,
    );
  }
  if (head && !before && head.sequence > 0) findings.push(`the head is record ${head.sequence}, but there are no records`);
  return findings;
}
