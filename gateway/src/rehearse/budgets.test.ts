import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { anEffect } from '@sentinel/policy/testing';
import { readBudgets, viewBudget } from './budgets.ts';

const budget = (more: object = {}, generation = 2): AnyObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'shop', generation },
  spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  status: { observedGeneration: 2, disruptionsAllowed: 3, ...more },
});
const effect = (namespace: string) => anEffect({ namespace, pods: { before: 2, after: 2 } });

describe('A PodDisruptionBudget, as it is read,', () => {
  const { status: _, ...fresh } = budget();
  const rows: Record<string, { object: AnyObject; allowed: number; selector?: unknown }> = {
    'allows what its status says': { object: budget(), allowed: 3 },
    'allows nothing while its controller has not seen it as it is': { object: budget({}, 3), allowed: 0 },
    'allows nothing before it has a status': { object: fresh, allowed: 0 },
    'allows nothing less than nothing': { object: budget({ disruptionsAllowed: -1 }), allowed: 0 },
    'covers everything when it is not understood': {
      object: { ...budget(), spec: { selector: { matchLabels: { app: 7 } } } },
      allowed: 0,
      selector: {},
    },
    'covers nothing when it selects nothing': { object: { ...budget(), spec: {} }, allowed: 3, selector: undefined },
  };
  for (const [name, row] of Object.entries(rows))
    it(name, () => {
      const seen = viewBudget(row.object, 'shop');
      assert.equal(seen.disruptionsAllowed, row.allowed);
      assert.deepEqual(seen.selector, 'selector' in row ? row.selector : { matchLabels: { app: 'web' } });
    });

  it('is read in each namespace once, and what cannot be read is named', async () => {
    const asked: string[] = [];
    const list = async (namespace: string) => {
      asked.push(namespace);
      if (namespace === 'bank') throw new Error('HTTP 403: forbidden');
      return [budget()];
    };
    const budgets = await readBudgets(list, [effect('shop'), effect('bank'), effect('shop')]);
    assert.deepEqual(asked, ['bank', 'shop']);
    assert.deepEqual(budgets.unread, [{ namespace: 'bank', why: 'HTTP 403: forbidden' }]);
    assert.deepEqual(
      budgets.read.map(({ namespace, name }) => [namespace, name]),
      [['shop', 'web']],
    );
  });

  it('is not read for effects that disrupt nothing', async () => {
    const { pods: _none, ...without } = effect('shop');
    const never = () => Promise.reject(new Error('it was read'));
    assert.deepEqual(await readBudgets(never, [without]), { read: [], unread: [] });
  });
});
