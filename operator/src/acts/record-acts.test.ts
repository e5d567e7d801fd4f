import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACTS_JOURNAL, type Act, digestOf } from '@sentinel/crds';
import { ActRecorder, type ActRecorderOptions } from './record-acts.ts';
import { readTrail } from './trail.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const act = (more: Partial<Act> = {}): Act => ({
  transitions: ['PlaybookCreated'],
  time: new Date(NOW - 60_000).toISOString(),
  user: 'ada',
  uid: '',
  groups: [],
  kind: 'Playbook',
  namespace: 'shop',
  name: 'p',
  object: 'u',
  generation: 1,
  digest: digestOf({}),
  ...more,
});

/** A cluster that has the two ConfigMaps and no Playbook; to read one called `broken` fails. */
function cluster(acts: Readonly<Record<string, object>>) {
  const journal: Record<string, string> = Object.fromEntries(Object.entries(acts).map(([id, one]) => [id, JSON.stringify(one)]));
  let trail: Record<string, string> = {};
  const client: Record<string, unknown> = {
    until: () => client,
    get: async (_: unknown, { name, namespace }: { name: string; namespace?: string }) => {
      // As the client builds a path.
      encodeURIComponent(`${namespace}/${name}`);
      if (name === 'broken') throw new Error('HTTP 431');
      if (name === ACTS_JOURNAL) return { metadata: { name }, data: { ...journal } };
      return name.startsWith('sentinel-') ? { metadata: { name, uid: 'chain' }, data: trail } : null;
    },
    replace: async (_: unknown, { data }: { data: Record<string, string> }) => {
      trail = data;
    },
    patch: async (_: unknown, __: unknown, { data }: { data: Record<string, null> }) => {
      for (const id of Object.keys(data)) delete journal[id];
    },
  };
  const options = {
    client,
    sink: undefined,
    events: { record: async () => ({ ok: true }) },
    logger: { warn: () => {} },
    clock: { now: () => NOW },
  } as unknown as ActRecorderOptions;
  const recorded = () => readTrail(trail).records.map(({ actor }) => actor);
  return { recorder: new ActRecorder(options), journal, recorded };
}

describe('The journal of acts', () => {
  const odd: readonly [what: string, entry: object][] = [
    ['half of a character in a name', act({ name: 'a\ud800' })],
    ['a name of many thousand characters', act({ name: '%'.repeat(500_000) })],
    ['an invalid namespace', act({ namespace: '../x' })],
    ['no name', act({ name: '' })],
  ];
  for (const [what, entry] of odd)
    it(`is worked off, and nothing is recorded of an entry with ${what}`, async () => {
      const { recorder, journal, recorded } = cluster({ odd: entry, good: act({ user: 'bea' }) });
      await recorder.reconcile(new AbortController().signal);
      assert.deepEqual(recorded(), ['bea']);
      assert.deepEqual(Object.keys(journal), []);
    });

  it('is worked off beside an entry whose object cannot be read, which stays', async () => {
    const { recorder, journal, recorded } = cluster({ odd: act({ name: 'broken' }), good: act({ user: 'bea' }) });
    assert.ok((await recorder.reconcile(new AbortController().signal))?.requeueAfterMs);
    assert.deepEqual(recorded(), ['bea']);
    assert.deepEqual(Object.keys(journal), ['odd']);
  });

  it('records an act as not confirmed whose object cannot be read for minutes', async () => {
    const { recorder, journal, recorded } = cluster({
      odd: act({ name: 'broken', time: new Date(NOW - 600_000).toISOString() }),
    });
    await recorder.reconcile(new AbortController().signal);
    assert.deepEqual(recorded(), ['ada']);
    assert.deepEqual(Object.keys(journal), []);
  });
});
