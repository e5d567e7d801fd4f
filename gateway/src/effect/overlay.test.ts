import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changeDigest, changesBetween, valueAt } from './change.ts';
import { describeEffect } from './describe.ts';
import { relativeTo } from './overlay.ts';
import { request } from './request.fixture.ts';

describe('A second write to one object', () => {
  // What the rehearsal records must be what the gateway sees in the real run, where the first write has happened.
  const rows: Record<string, { live: object; first: object; second: object; real: object; merges: boolean }> = {
    'adds to a map that the first one made': {
      live: { metadata: {} },
      first: { metadata: { labels: { a: '1' } } },
      second: { metadata: { labels: { b: '2' } } },
      real: { metadata: { labels: { a: '1', b: '2' } } },
      merges: true,
    },
    'changes a value in a map that the first one made': {
      live: {},
      first: { data: { a: { x: 1, y: 1 } } },
      second: { data: { a: { x: 2 } } },
      real: { data: { a: { x: 2, y: 1 } } },
      merges: true,
    },
    'replaces what the first one made, where it does not merge': {
      live: {},
      first: { data: { a: 1 } },
      second: { data: { b: 2 } },
      real: { data: { b: 2 } },
      merges: false,
    },
    'repeats the first one and adds to it': {
      live: { a: 1 },
      first: { a: 2 },
      second: { a: 2, b: 1 },
      real: { a: 2, b: 1 },
      merges: true,
    },
  };
  for (const [name, { live, first, second, real, merges }] of Object.entries(rows)) {
    it(name, () => {
      const rehearsed = applyChanges(live, changesBetween(live, first));
      const recorded = relativeTo(rehearsed, changesBetween(live, second), merges);
      assert.equal(changeDigest(recorded), changeDigest(changesBetween(rehearsed, real)));
      assert.deepEqual(applyChanges(rehearsed, recorded), real);
    });
  }

  it('is the whole change where nothing was rehearsed, or what was is gone', () => {
    const changes = changesBetween({ a: 1 }, { a: 2 });
    for (const rehearsed of [undefined, null]) assert.deepEqual(relativeTo(rehearsed, changes, true), changes);
  });
});

describe('A name that every object inherits', () => {
  for (const key of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    const withKey = (value: unknown): unknown => JSON.parse(`{"data":{${JSON.stringify(key)}:${JSON.stringify(value)}}}`);
    it(`is a key like any other: ${key}`, () => {
      const changes = changesBetween({ data: {} }, withKey({ polluted: 'yes' }));
      assert.equal(changes[0]?.path, `/data/${key}`);
      assert.equal(JSON.stringify(applyChanges({ data: {} }, changes)), JSON.stringify(withKey({ polluted: 'yes' })));
      assert.equal(valueAt({ data: {} }, `/data/${key}`), undefined);
      const deeper = changesBetween(withKey({}), withKey({ polluted: 'yes' }));
      assert.equal(JSON.stringify(applyChanges(withKey({}), deeper)), JSON.stringify(withKey({ polluted: 'yes' })));
      assert.equal(
        JSON.stringify(applyChanges({}, [{ path: `/${key}/polluted`, after: 'yes' }])),
        `{"${key}":{"polluted":"yes"}}`,
      );
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
  }
});

describe('An effect as it is shown', () => {
  const show = (changes: { path: string; before: unknown; after: unknown }[]) =>
    describeEffect(request(), { name: 'web', uid: 'u', changes });

  it('hides values under names that reveal, and covers them by the digest', () => {
    for (const path of [
      '/data/password',
      '/spec/apiKey',
      '/x/api-key',
      '/a/TOKEN',
      '/metadata/annotations/last-applied-configuration',
    ]) {
      const shown = show([{ path, before: undefined, after: 'hunter2' }]);
      assert.deepEqual(shown.change, [{ path, after: '"<redacted>"', redacted: true }]);
      assert.notEqual(shown.changeDigest, show([{ path, before: undefined, after: 'hunter3' }]).changeDigest);
    }
  });

  it('shows an object that is created field by field, without what its names say is secret', () => {
    const env = [
      { name: 'DB_PASSWORD', value: 'hunter2' },
      { name: 'MODE', value: 'fast' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'db', key: 'x' } } },
    ];
    const spec = { replicas: 1, template: { containers: [{ name: 'web', env }], text: 'x'.repeat(300) } };
    const { change, hiddenChanges } = show([
      { path: '', before: undefined, after: { data: { apiKey: 'hunter2', big: 'y'.repeat(3000) }, spec } },
    ]);
    const text = JSON.stringify(change);
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /secretKeyRef/);
    assert.match(text, /fast/);
    assert.deepEqual(
      change?.map(({ path }) => path),
      ['/data/apiKey', '/data/big', '/spec/replicas', '/spec/template/containers', '/spec/template/text'],
    );
    assert.equal(hiddenChanges, 1, 'what is cut counts as not shown');
  });

  it('hides the value of an environment variable by the name beside it', () => {
    const path = '/spec/containers/0/env/0/value';
    const changes = [{ path, before: 'hunter1', after: 'hunter2' }];
    const result = { spec: { containers: [{ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }] } };
    const { change } = describeEffect(request(), { name: 'web', uid: 'u', changes, result });
    assert.deepEqual(change, [{ path, before: '"<redacted>"', after: '"<redacted>"', redacted: true }]);
  });

  it('shows 64 changes and says how many there are more', () => {
    const { change, hiddenChanges } = show(
      Array.from({ length: 70 }, (_, index) => ({ path: `/a/${index}`, before: 1, after: 2 })),
    );
    assert.deepEqual([change?.length, hiddenChanges], [64, 6]);
  });

  it('cuts long values without leaving half of a character, which no plan could hold', () => {
    for (const shift of ['', 'x']) {
      const shown = show([{ path: `/${shift}${'😀'.repeat(600)}`, before: undefined, after: `${shift}${'😀'.repeat(2000)}` }]);
      const { path = '', after = '' } = shown.change?.[0] ?? {};
      assert.ok(path.isWellFormed() && after.isWellFormed() && after.length <= 2048 && after.endsWith('…'));
    }
  });

  it('is not reversible when it deletes', () => {
    const { reversible, change, notes } = describeEffect(request({ verb: 'delete' }), { name: 'web', uid: 'u', changes: [] });
    assert.deepEqual([reversible, change, notes?.length], [false, undefined, 1]);
  });
});
