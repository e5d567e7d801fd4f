import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EntryState } from '../ledger/entry.ts';
import { faultOfRun } from './judge-amended.ts';

const claim = { over: 'the action ended as Blocked', blocked: 'b', blockedByUnknown: false, plan: 'p' };
const write = { blocked: 'b', reason: undefined, request: {} as never, plan: { name: 'a-1', digest: 'p' } };
const done = (rollback?: 'Restoring' | 'Restored' | 'Unchanged') => [{ state: 'Done' as EntryState, rollback }];
const fault = (
  changed: Partial<typeof claim> | { readonly [key in keyof typeof claim]?: undefined },
  noted: object = {},
  entries = done('Restored'),
) => faultOfRun({ ...claim, ...changed } as typeof claim, { ...write, ...noted } as never, entries);

describe('A blocked run', () => {
  it('can be amended once everything it changed is restored', () => {
    for (const rollback of ['Restored', 'Unchanged'] as const) assert.equal(fault({}, {}, done(rollback)), undefined);
    assert.equal(fault({}, {}, []), undefined);
    assert.equal(fault({}, {}, [{ state: 'Refused', rollback: undefined }]), undefined);
  });

  const rows: Record<string, [string | undefined, RegExp]> = {
    'without a claim': [faultOfRun(undefined, undefined, []), /had no run/],
    'without a plan': [fault({ plan: undefined }), /had no run/],
    'that is not over': [fault({ over: undefined }), /not over yet/],
    'that was not blocked': [fault({ blocked: undefined }), /not blocked/],
    'blocked by an unknown outcome': [fault({ blockedByUnknown: true }), /not blocked by a write/],
    'without a record': [faultOfRun(claim, undefined, []), /not recorded/],
    'blocked for another reason than the record': [fault({ blocked: 'c' }), /not recorded/],
    'of another plan': [fault({ plan: 'q' }), /not recorded/],
    'that offers nothing': [fault({}, { reason: 'because' }), /^because$/],
    'whose write was not kept': [fault({}, { request: undefined }), /not kept/],
    'with a change that stays': [fault({}, {}, done()), /not rolled back completely/],
    'with a change that is being restored': [fault({}, {}, done('Restoring')), /not rolled back completely/],
  };
  for (const [name, [found, says]] of Object.entries(rows))
    it(`${name} cannot be amended`, () => assert.match(found ?? '', says));
  for (const state of ['Intended', 'Sent', 'Unknown', 'Accepted'] as const)
    it(`cannot be amended with an effect that is ${state}`, () =>
      assert.match(fault({}, {}, [{ state, rollback: undefined }]) ?? '', /not rolled back completely/));
});
