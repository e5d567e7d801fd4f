import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditRecord } from '../v1alpha1/audit.ts';
import { chainRecord, recordHash, verifyChain } from './chain.ts';

function chain(action: string, length: number): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let index = 0; index < length; index++) {
    const last = records.at(-1);
    records.push(
      chainRecord(last, { time: '2026-01-01T00:00:00Z', transition: 'Planned', actor: 'a', summary: `step ${index}`, action }),
    );
  }
  return records;
}

const good = chain('one', 5);
const head = { sequence: 5, hash: good[4]?.hash ?? '' };

describe('The chain', () => {
  it('verifies as it was written, also from the middle on', () => {
    assert.deepEqual(verifyChain(good, head), []);
    assert.deepEqual(verifyChain(good.slice(2), head), []);
  });

  const other = chain('two', 5);
  const broken: Record<string, { records: AuditRecord[]; finding: RegExp }> = {
    'a record is changed': {
      records: good.map((one, index) => (index === 2 ? { ...one, actor: 'b' } : one)),
      finding: /record 3 was changed/,
    },
    'a record is left out': { records: good.filter((_, index) => index !== 2), finding: /records 3 to 3 are missing/ },
    'two are swapped': {
      records: [good[0], good[2], good[1], good[3], good[4]].filter((one) => one !== undefined),
      finding: /out of order/,
    },
    'the end is cut off': { records: good.slice(0, 3), finding: /the end was cut off/ },
    'a record of another action stands in': {
      records: good.map((one, index) => (index === 2 ? (other[2] ?? one) : one)),
      finding: /does not follow/,
    },
    'its record was changed and hashed again': {
      records: good.map((one, index) => (index === 2 ? { ...one, actor: 'b', hash: recordHash({ ...one, actor: 'b' }) } : one)),
      finding: /record 4 does not follow record 3/,
    },
    'its last record was changed and hashed again': {
      records: good.map((one, index) => (index === 4 ? { ...one, actor: 'b', hash: recordHash({ ...one, actor: 'b' }) } : one)),
      finding: /the end was cut off or replaced/,
    },
    'an attribute is added': {
      records: good.map((one, index) => (index === 1 ? { ...one, details: [{ name: 'a', value: 'b' }] } : one)),
      finding: /record 2 was changed/,
    },
    'all of it is that of another action': { records: other, finding: /the end was cut off or replaced/ },
    'a record stands there twice': {
      records: [good[0], good[1], good[1], good[2], good[3], good[4]].filter((one) => one !== undefined),
      finding: /out of order/,
    },
    'the first claims one before it': {
      records: [{ ...(good[0] as AuditRecord), previous: `sha256:${'a'.repeat(64)}` }],
      finding: /claims a record before it/,
    },
    'all are gone': { records: [], finding: /there are no records/ },
  };
  for (const [name, { records, finding }] of Object.entries(broken)) {
    it(`is found broken when ${name}`, () => assert.match(verifyChain(records, head).join('; '), finding));
  }
});
