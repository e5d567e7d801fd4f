import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aboveBounds } from './within-bounds.ts';

const many = (count: number, length = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${String(at).padStart(4, '0')}`, 'x'.repeat(length)]));
const tracked = { 'argocd.argoproj.io/tracking-id': 'x'.repeat(200), 'app.kubernetes.io/instance': 'shop' };

describe('What is above the bounds of an action', () => {
  const rows: Record<
    string,
    { labels?: Record<string, string>; annotations?: Record<string, string>; excess: [number, number] }
  > = {
    'is nothing without labels and annotations': { excess: [0, 0] },
    'is nothing within them': { labels: many(64), annotations: many(64), excess: [0, 0] },
    'contains only what exceeds the limits': { labels: many(4200), annotations: many(70), excess: [4136, 6] },
    'is what is too large': { labels: many(64, 400), annotations: { pad: 'x'.repeat(200_000), note: 'x' }, excess: [24, 1] },
    'is nothing that Sentinel wrote': { annotations: { 'sentinel.dev/approvals': 'x'.repeat(200_000) }, excess: [0, 0] },
    'is what only looks like it': { annotations: { 'sentinel.dev/pad': 'x'.repeat(200_000) }, excess: [0, 1] },
    'is last what tools track actions by': {
      labels: { ...many(100), ...tracked },
      annotations: { ...many(64), ...tracked },
      excess: [38, 2],
    },
  };
  for (const [name, { labels, annotations, excess }] of Object.entries(rows))
    it(name, () => {
      const found = aboveBounds({ labels, annotations });
      assert.deepEqual([found.labels.length, found.annotations.length], excess);
      for (const key of Object.keys(tracked)) assert.ok(![...found.labels, ...found.annotations].includes(key), key);
    });
});
