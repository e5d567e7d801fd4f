import { z } from 'zod';
import { AuditRecord } from './audit.ts';
import { digest, list, type Rule, rules } from './fields.ts';

/** The entry of `shortened` in a status from which records were removed before a sink had acknowledged them. */
export const OLDER_RECORDS = 'older audit records';

const cursor = () => z.int().min(0).meta({ format: 'int64' });

// Only the chain itself: a hash is not computed by CEL. `audit verify` and each sink recompute it.
const isChain: readonly Rule[] = [
  {
    rule: 'self.sequence == 0 || (self.records.size() > 0 && self.records[self.records.size() - 1].sequence == self.sequence && self.records[self.records.size() - 1].hash == self.head)',
    message: 'the last record must be the one that `sequence` and `head` name',
  },
  {
    rule: 'self.records.size() == 0 || (self.records[0].sequence + self.records.size() - 1 == self.sequence && self.records.map(r, r.sequence).isSorted() && self.records.all(r, r.sequence == self.sequence || self.records.exists_one(n, n.sequence == r.sequence + 1 && n.previous == r.hash)))',
    message: '`records` must follow each other without a gap',
  },
  { rule: 'self.exported <= self.sequence', message: '`exported` must not be beyond the last record' },
];

// Stored records cannot be changed by any writer of the status. The API server enforces this with the schema, so there is no policy to disable.
const isAppendOnly: readonly Rule[] = [
  {
    rule: 'self.sequence >= oldSelf.sequence && self.exported >= oldSelf.exported && (!has(self.sink) || !has(oldSelf.sink) || self.sink.id != oldSelf.sink.id || self.sink.acknowledged >= oldSelf.sink.acknowledged)',
    message: 'the audit trail is append-only: `sequence` and the cursors must not go back',
  },
  {
    rule: 'oldSelf.records.size() == 0 || self.records.size() == 0 || self.records[0].sequence >= oldSelf.records[0].sequence',
    message: 'the audit trail is append-only: a record that has left must not come back',
  },
  {
    rule: 'oldSelf.records.all(o, !self.records.exists(r, r.sequence == o.sequence && r != o))',
    message: 'the audit trail is append-only: a record must not change',
  },
  {
    rule: 'self.sequence == oldSelf.sequence ? self.head == oldSelf.head : self.records.exists(r, r.sequence == oldSelf.sequence + 1 && r.previous == oldSelf.head)',
    message: 'the audit trail is append-only: a new record must follow the last one',
  },
];

/** The audit trail of an action. */
export const Outbox = z
  .object({
    sequence: cursor().describe('Sequence number of the last record.'),
    head: digest('Hash of the last record.'),
    exported: cursor().describe('Sequence number of the last record that a sink acknowledged.').default(0),
    sink: z
      .object({
        id: z.string().max(32).describe('Which sink: a short digest of its address.'),
        since: z.int().min(1).meta({ format: 'int64' }).describe('Sequence number of the first record that it was sent.'),
        acknowledged: cursor().describe('Sequence number of the last record that it acknowledged.'),
      })
      .describe('What a sink has received of the trail. A new sink starts from the first record; Events are not a sink.')
      .optional(),
    records: list(AuditRecord, 64, 'The records, oldest first. Acknowledged ones are removed when there are more than 64.'),
  })
  .meta(rules(...isChain, ...isAppendOnly))
  .describe('The audit trail of the action: a record is stored in the same write as the change that it reports.');

/** Rules about the status and its outbox: a record is removed only after it was acknowledged, and the final state does not change. */
export const keepsRecords: readonly Rule[] = [
  { rule: '!has(oldSelf.outbox) || has(self.outbox)', message: 'the audit trail is append-only: it must not be removed' },
  {
    rule: `!has(oldSelf.outbox) || !has(self.outbox) || (has(self.shortened) && '${OLDER_RECORDS}' in self.shortened) || oldSelf.outbox.records.all(o, o.sequence <= self.outbox.exported || self.outbox.records.exists(r, r.sequence == o.sequence))`,
    message: 'the audit trail is append-only: a record must stay until a sink has acknowledged it',
  },
  {
    rule: "!has(oldSelf.finishedAt) || (has(self.finishedAt) && self.finishedAt == oldSelf.finishedAt && has(self.conditions) && has(oldSelf.conditions) && oldSelf.conditions.all(o, o.type != 'Succeeded' || self.conditions.exists(c, c.type == 'Succeeded' && c.status == o.status && c.reason == o.reason)))",
    message: 'the action has ended: `finishedAt` and the reason of the condition Succeeded must not change',
  },
];

/** Rule about the whole action: the status with its audit trail cannot be removed. */
export const keepsStatus: Rule = {
  rule: '!has(oldSelf.status) || !has(oldSelf.status.outbox) || has(self.status)',
  message: 'the audit trail is append-only: `status` must not be removed',
};
