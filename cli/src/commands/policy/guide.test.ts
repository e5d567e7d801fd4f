import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { file, policy } from '../../../test/offline.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/policies.md'), 'utf8');
const sections = guide.split(/^## /m).map((text) => ({ title: text.split('\n')[0] ?? '', text }));
const blocks = sections.flatMap(({ title, text }) =>
  [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => [title, yaml] as const),
);

describe('The guide to policies', () => {
  const whole = blocks.filter(([, yaml]) => yaml.includes('kind: ClusterAgentPolicy'));

  it('shows whole policies for what may start alone, ad-hoc steps, parts and what is kept', () =>
    assert.deepEqual(
      whole.map(([title]) => title),
      ['Let things start without a person', 'Ad-hoc steps', 'Parts of an action', 'What is kept, and for how long'],
    ));

  for (const [title, yaml] of whole)
    it(`is right about: ${title}`, async () => {
      const linted = await policy(['lint', file(yaml)]);
      assert.equal(linted.out, 'Nothing found.\n', linted.error);
      if (!yaml.includes('kind: PolicyTest')) return;
      const tested = await policy(['test', file(yaml)]);
      assert.equal(tested.code, 0, tested.out + tested.error);
    });

  it('is right about what is kept', async () => {
    const yaml = whole.find(([title]) => title.startsWith('What is kept'))?.[1] ?? '';
    const { out } = await policy(['explain', '--effective', '-f', file(yaml), '--as', 'ada', '-n', 'shop']);
    for (const line of [
      /prompts +Hashed/,
      /logs +Dropped +AgentPolicy/,
      /diffs +Redacted +Sentinel/,
      /retainFor +30d +AgentPolicy/,
    ])
      assert.match(out, line);
  });
});
