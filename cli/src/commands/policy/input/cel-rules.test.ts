import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { celRules } from './cel-rules.ts';
import { celFaults, type FileKind, type Schema, schemaOf } from './strict-faults.ts';

const rulesOf = (schema: Schema): string[] => [
  ...(schema['x-kubernetes-validations'] ?? []).map(({ rule }) => rule),
  ...Object.values(schema.properties ?? {}).flatMap(rulesOf),
  ...(schema.items ? rulesOf(schema.items) : []),
];

const playbook = { category: 'Other', description: 'x', account: 'a', steps: [], sandbox: { image: 'x', profile: 'Observe' } };

describe('The CEL rules of the kinds', () => {
  const kinds: FileKind[] = ['AgentPolicy', 'ClusterAgentPolicy', 'Playbook', 'AgentAction'];

  it('are all said here, and none that there is not', () => {
    const real = new Set(kinds.flatMap((kind) => rulesOf(schemaOf(kind))));
    assert.deepEqual(
      [...real].filter((rule) => !Object.hasOwn(celRules, rule)),
      [],
    );
    assert.deepEqual(
      Object.keys(celRules).filter((rule) => !real.has(rule)),
      [],
    );
  });

  const rows: [kind: FileKind, spec: object, fault: string | undefined][] = [
    [
      'AgentPolicy',
      { highRisk: [{ apiGroups: [''], resources: ['pods'], refuse: false }] },
      'spec.highRisk[0]: a rule must raise',
    ],
    ['AgentPolicy', { highRisk: [{ apiGroups: [''], resources: ['pods'], refuse: true }] }, undefined],
    ['Playbook', playbook, undefined],
    ['Playbook', { ...playbook, verify: [] }, 'spec: `verify` may only be set'],
    ['Playbook', { ...playbook, sandbox: { profile: 'Change' } }, 'spec: `rollback` must say'],
    ['Playbook', { ...playbook, sandbox: { profile: 'Change' }, rollback: { from: 'None' } }, 'spec.rollback: `reason` must say'],
    ['Playbook', { ...playbook, sandbox: { profile: 'Change' }, rollback: { from: 'Steps' } }, "spec.rollback: 'Steps' is not"],
    ['Playbook', { ...playbook, sandbox: { profile: 'Workspace' } }, "spec.sandbox: 'Workspace' is not supported yet"],
    [
      'Playbook',
      { ...playbook, parameters: [{ name: 'a', required: true, default: '' }] },
      'spec.parameters[0]: `default` must not',
    ],
    [
      'Playbook',
      { ...playbook, parameters: [{ name: 'a', type: 'String', max: 0 }] },
      'spec.parameters[0]: `min` and `max` are for the type Integer',
    ],
    [
      'Playbook',
      { ...playbook, parameters: [{ name: 'a', type: 'Integer', min: 2, max: 1 }] },
      'spec.parameters[0]: `min` must not be above',
    ],
    ['Playbook', { ...playbook, parameters: [{ name: 'a', type: 'Integer', min: 2, max: 2 }] }, undefined],
    ['AgentAction', { intent: { summary: 'x' } }, 'spec: exactly one is required: `playbookRef`'],
    ['AgentAction', { steps: [] }, 'spec: `steps` need the `account`'],
    ['AgentAction', { steps: [], account: 'a', image: 'x' }, undefined],
    ['AgentAction', { playbookRef: {}, image: 'x' }, 'spec: `verify` and `image` go with'],
    ['AgentAction', { playbookRef: {}, account: 'x' }, 'spec: `account` goes with `steps` or `rollbackOf`'],
    ['AgentAction', { rollbackOf: {} }, 'spec: `rollbackOf` needs the `account`'],
    ['AgentAction', { rollbackOf: {}, account: 'x' }, undefined],
    ['AgentAction', { rollbackOf: {}, steps: [], account: 'x', image: 'x' }, 'spec: exactly one is required'],
    ['AgentAction', { steps: [], account: 'a', image: 'x', parameters: [] }, 'spec: `parameters` are those'],
    ['AgentAction', { playbookRef: {}, cancelComment: 'x' }, 'spec: `cancelComment` must come with'],
    ['AgentAction', { playbookRef: {}, cancelComment: 'x', cancelled: true }, undefined],
  ];
  for (const [kind, spec, fault] of rows)
    it(`${fault ?? 'say nothing'} (${JSON.stringify(spec).slice(-60)})`, () => {
      const found = celFaults(kind, spec);
      assert.equal(found.length, fault === undefined ? 0 : 1, found.join('\n'));
      assert.ok((found[0] ?? '').startsWith(fault ?? ''), found[0]);
    });
});
