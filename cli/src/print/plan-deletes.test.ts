import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '@sentinel/crds';
import { aPlan } from '../../test/fixtures.ts';
import { bare, effectOf, reviewOf, textOf } from './plan.fixture.ts';
import { renderPlan } from './plan.ts';

describe('a plan that deletes', () => {
  const deletes = (count: number, keys = 3) =>
    Array.from({ length: count }, (_, index) => {
      const name = `web-${index + 1}`;
      const fields = Array.from({ length: keys }, (__, key) => ({ path: `/spec/key${key}`, before: `"value-${index}-${key}"` }));
      return effectOf({
        index,
        verb: 'delete',
        name,
        kind: 'Deployment',
        apiGroup: 'apps',
        resource: 'deployments',
        reversible: false,
        changeDigest: digestOf(index),
        change: [
          { path: '/apiVersion', before: '"apps/v1"' },
          { path: '/kind', before: '"Deployment"' },
          { path: '/metadata', before: `{"name":"${name}","namespace":"shop","labels":{"app":"web"}}` },
          ...fields,
        ],
        deletion: {
          propagation: 'Background',
          dependants: [
            {
              apiGroup: '',
              resource: 'persistentvolumeclaims',
              kind: 'PersistentVolumeClaim',
              count: 1,
              names: [`data-${name}`],
            },
            { apiGroup: 'apps', resource: 'replicasets', kind: 'ReplicaSet', count: 2, names: [`${name}-a`, `${name}-b`] },
          ],
        },
        notes: [
          'Deletes dependants in the background: 1 PersistentVolumeClaim, 2 ReplicaSet.',
          'A rollback recreates neither the object nor its dependants.',
        ],
      });
    });

  it('shows what is deleted with an object, and which of it is data', () => {
    const one = reviewOf(aPlan({ effects: deletes(1) }));
    const { text, folded } = renderPlan(one, bare);
    assert.match(text, / 1\. delete\n {6}- the whole object\n {6}- spec\.key0: "value-0-0"\n/);
    assert.match(
      text,
      / {6}- metadata\.labels\.app: "web"\n {6}- with it 1 PersistentVolumeClaim: data-web-1 \(may hold data\)\n/,
    );
    assert.match(text, /! Deletes dependants in the background: 1 PersistentVolumeClaim, 2 ReplicaSet\.\n/);
    assert.deepEqual(folded, []);
    const full = textOf(one, { ...bare, full: true });
    assert.match(full, /with it 2 ReplicaSet: web-1-a, web-1-b\n/);
    assert.match(full, /\/spec\/key2\n +- "value-0-2"\n/);
  });

  it('says how much of a deleted object it does not show', () => {
    const one = reviewOf(aPlan({ effects: deletes(1, 30) }));
    const { text, folded } = renderPlan(one, bare);
    assert.match(text, /… 25 more fields; see all with --full\n/);
    assert.deepEqual(folded, ['1. Deployment.apps shop/web-1 25 more removed fields']);
    const whole = renderPlan(one, { ...bare, full: true });
    assert.deepEqual(whole.folded, []);
    assert.match(whole.text, /key29\n +- "value-0-29"/);
  });

  it('of 20 alike deletes takes at most 60 lines, whatever is in the objects', () => {
    const effects = deletes(20, 30).map((one, index) => (index === 3 ? { ...one, change: (one.change ?? []).slice(0, 9) } : one));
    const irreversible = effects.map(({ name }) => `delete deployments ${name}`);
    const one = reviewOf(aPlan({ effects, undeclared: [], rollback: { from: 'None', irreversible } }));
    const { text, folded } = renderPlan(one, bare);
    assert.ok(text.split('\n').length <= 60, text);
    assert.match(text, /20 Deployments\.apps in shop, alike except for name\n {4}1-20\. delete\n/);
    assert.match(text, / {6}- with each 1 PersistentVolumeClaim \(may hold data\)\n/);
    assert.match(text, / {6}… 596 fields of 20 objects; see all with --full\n/);
    assert.deepEqual(folded, ['1-20. Deployment.apps shop/web-1 596 removed fields of 20 objects']);
    const whole = renderPlan(one, { ...bare, full: true });
    assert.deepEqual(whole.folded, []);
    for (const index of [0, 19]) assert.match(whole.text, new RegExp(`"value-${index}-8"`));
  });
});
