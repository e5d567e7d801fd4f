import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../v1alpha1/kinds.ts';
import { countFaults } from './count-faults.ts';
import { structuralSchema } from './structural.ts';

const schemaOf = (kind: string) => {
  const definition = kinds.find((one) => one.kind === kind);
  assert.ok(definition);
  return structuralSchema(definition.spec, `${kind}.spec`);
};
const schema = schemaOf('AgentAction');
const valid = { intent: { summary: 's' }, playbookRef: { name: 'fix' } };
const count = (value: unknown, most = 1000) => countFaults(schema, value, most);

function* patternsOf(node: object): Generator<string> {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'pattern' && typeof value === 'string') yield value;
    if (typeof value === 'object' && value !== null) yield* patternsOf(value);
  }
}

describe('The faults of an object', () => {
  const step = { name: 'a', command: ['true'] };
  const rows: readonly [what: string, spec: unknown, faults: number, first?: string][] = [
    ['do not exist in a valid object', valid, 0],
    [
      'do not exist in an object with more fields',
      { ...valid, intent: { ...valid.intent, agent: { name: 'n' }, references: ['x'] }, mode: 'Apply' },
      0,
    ],
    ['are one for another type', { ...valid, intent: 'x' }, 1, 'intent'],
    ['are one for a list in the place of an object', { ...valid, intent: [] }, 1, 'intent'],
    ['are one for null', { ...valid, playbookRef: null }, 1, 'playbookRef'],
    ['are one for each required field that is missing', { playbookRef: {} }, 2, ''],
    ['are one for an empty text', { ...valid, intent: { summary: '' } }, 1, 'intent.summary'],
    ['are one for a long text', { ...valid, intent: { summary: 'x'.repeat(513) } }, 1, 'intent.summary'],
    ['do not include a text whose characters take two units each', { ...valid, intent: { summary: '\u{1f600}'.repeat(512) } }, 0],
    ['are one for a word that is not in the list', { ...valid, mode: 'Try' }, 1, 'mode'],
    ['are one for each item', { ...valid, intent: { summary: 's', references: ['', 1, 'x', {}] } }, 3, 'intent.references[0]'],
    ['are one for a list that is too short', { ...valid, steps: [{ name: 'a', command: [] }] }, 1, 'steps[0].command'],
    [
      'are one for each item beyond the bound',
      { ...valid, parameters: Array(40).fill({ name: 'a', value: 'b' }) },
      8,
      'parameters',
    ],
    ['are found at any depth', { ...valid, steps: [step, { ...step, command: ['x', 1, null] }] }, 2, 'steps[1].command[1]'],
    ['do not include fields that the schema does not name', { ...valid, other: [1, 2, 3] }, 0],
    ['are one for a text in the place of an object', 'x', 1, ''],
    ['are one for nothing', undefined, 1, ''],
  ];
  for (const [what, spec, faults, first] of rows) it(what, () => assert.deepEqual(count(spec), { count: faults, first }));

  it('are counted up to a number, in little time', () => {
    const references = Array.from({ length: 1_000_000 }, () => '');
    const start = performance.now();
    assert.ok(count({ ...valid, intent: { summary: 's', references } }, 64).count >= 64);
    const steps = Array.from({ length: 16 }, () => ({ name: 1, command: Array(64).fill(1) }));
    assert.equal(count({ ...valid, steps }, 64).count, 64);
    assert.ok(performance.now() - start < 1000);
  });

  it('are also texts that do not match their pattern: within the bounds of its lists a Playbook has room for 1,600 of them', () => {
    const playbook = schemaOf('Playbook');
    const spec = (name: string) => {
      const env = Array.from({ length: 32 }, (_, at) => ({ name: `${name}${at}`, value: 'v' }));
      const step = (at: number) => ({ name: `s${at}`, image: 'i', command: ['true'], env });
      return { description: 'd', steps: Array.from({ length: 16 }, (_, at) => step(at)) };
    };
    const [before, now] = [countFaults(playbook, spec('A'), 1000).count, countFaults(playbook, spec('1'), 1000).count];
    assert.equal(now - before, 16 * 32);
  });

  it('of patterns take linear time, also in a text that nearly matches', () => {
    const texts = ['a'.repeat(400_000), '-'.repeat(400_000), '/a'.repeat(200_000), '1'.repeat(400_000)].map((text) => `${text}!`);
    const all = new Set(kinds.flatMap(({ spec, kind }) => [...patternsOf(structuralSchema(spec, kind))]));
    assert.ok(all.size > 8);
    const start = performance.now();
    for (const pattern of all)
      for (const text of texts) assert.ok(countFaults({ type: 'string', pattern } as never, text, 10).count <= 1);
    assert.ok(performance.now() - start < 10_000, 'a pattern that backtracks needs minutes');
  });

  it('are also those of numbers', () => {
    const policy = schemaOf('AgentPolicy');
    const faultsOf = (objects: unknown) => countFaults(policy, { limits: { objects } }, 10).count;
    assert.deepEqual([1, 500, 0, 501, 1.5, '1'].map(faultsOf), [0, 0, 1, 1, 1, 1]);
  });
});
