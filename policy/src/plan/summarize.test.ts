import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { anEffect } from '../testing/effect.fixture.ts';
import { summarizeEffects } from './summarize.ts';

const effect = anEffect;
const image = { path: '/spec/template/spec/containers/0/image', before: '"web:1"', after: '"web:2"' };

describe('A plan in a few words', () => {
  const rows: readonly [string, Partial<Effect>[]][] = [
    [
      'scale Deployment web 2 → 5',
      [{ resource: 'deployments/scale', kind: 'Scale', change: [{ path: '/spec/replicas', before: '2', after: '5' }] }],
    ],
    [
      'scale StatefulSet web 2 → 5',
      [{ resource: 'statefulsets/scale', kind: 'Scale', change: [{ path: '/spec/replicas', before: '2', after: '5' }] }],
    ],
    ['patch Deployment web: image web:1 → web:2', [{ change: [image] }]],
    ['patch Deployment web: image web:1 → web:2, 1 more field (+1 more)', [{ change: [image, { path: '/a', after: '1' }] }, {}]],
    ['create ConfigMap web (+18 more)', Array(19).fill({ verb: 'create', kind: 'ConfigMap' })],
    ['delete ConfigMap web', [{ verb: 'delete', kind: 'ConfigMap' }]],
    [
      'update ConfigMap web: app.yaml (2 rows)',
      [{ verb: 'update', kind: 'ConfigMap', change: [{ path: '/data/app.yaml', lines: '@@ -1 +1 @@\n-a\n+b' }] }],
    ],
    ['patch Deployment web: password (hidden)', [{ change: [{ path: '/data/password', redacted: true }] }]],
    ['patch Deployment web: a removed', [{ change: [{ path: '/metadata/labels/a', before: '"x"' }] }]],
    ['nothing', []],
  ];
  for (const [summary, effects] of rows) it(summary, () => assert.equal(summarizeEffects(effects.map(effect)), summary));
  it('is never longer than a queue has room for', () => {
    const long = effect({
      name: 'x'.repeat(253),
      change: [{ path: `/${'y'.repeat(1000)}`, before: `"${'😀'.repeat(500)}"`, after: '1' }],
    });
    const text = summarizeEffects([long, long]);
    assert.ok(text.length <= 200 && text.isWellFormed() && text.endsWith('… (+1 more)'));
  });
});
