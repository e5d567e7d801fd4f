import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import type { ApplicablePolicy } from '../policyset/policy-set.ts';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { aPlaybook, TRUSTED } from '../testing/playbook.fixture.ts';
import { aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { type AutoReviewFacts, autoReviewAt, limitReasons, runsMissing, whyPerson } from './auto-review.ts';

const kubernetes = [{ apiGroups: ['*'], resources: ['*', 'serviceaccounts/token'], verbs: ['*'], decision: 'Allow' }];
const approvals = [{ upToRisk: 'Medium', autoReview: true, autoReviewAfter: 2 }, { upToRisk: 'High' }];
const policy = (name: string, more: object = { approvals }) => clusterPolicy({ modes: ['Apply'], kubernetes, ...more }, name);
const unreadable = { ...policy('broken'), spec: undefined } as unknown as ApplicablePolicy;
const set = (...policies: ApplicablePolicy[]) => aPolicySet(policies, { environment: 'staging' });
const playbook = aPlaybook({ sandbox: { image: 'tools' }, autonomy: 'Auto' });
const facts: AutoReviewFacts = {
  policies: set(policy('floor')),
  namespace: 'shop',
  effects: [effect()],
  risk: 'Medium',
  playbook,
  trust: TRUSTED,
  adHoc: false,
  undeclared: [],
  notObservable: [],
  asks: [],
  succeeded: 2,
};
const reasonsFor = (...effects: Partial<Effect>[]) => whyPerson({ ...facts, effects: effects.map((more) => effect(more)) }) ?? [];
const replicas = { path: '/spec/replicas', before: '1', after: '2' };

describe('A person is needed, and the reason names it', () => {
  const secured = (apiGroup: string, resource: string, verb: Effect['verb'] = 'patch'): [Partial<Effect>, string] => [
    { apiGroup, resource, verb },
    `${verb} ${resource} 'web' concerns credentials or security`,
  ];
  const rows: readonly (readonly [Partial<Effect>, string])[] = [
    secured('', 'secrets'),
    secured('', 'serviceaccounts'),
    secured('', 'serviceaccounts/token', 'create'),
    secured('example.org', 'certificatesigningrequests'),
    secured('rbac.authorization.k8s.io', 'others'),
    secured('admissionregistration.k8s.io', 'others'),
    secured('apiextensions.k8s.io', 'others'),
    secured('certificates.k8s.io', 'others'),
    secured('sentinel.dev', 'others'),
    [{ verb: 'delete' }, "delete deployments 'web' deletes"],
    [{ reversible: false }, "patch deployments 'web' cannot be rolled back"],
    [{ namespace: undefined as never }, "patch deployments 'web' concerns the whole cluster"],
    [{ hiddenChanges: 1 }, "patch deployments 'web' changes more than is shown"],
    [{ more: { fields: 1, part: 1 } }, "patch deployments 'web' changes more than its plan has room for"],
    [
      { change: [replicas, { path: '/x', after: '"a…', cut: true }] },
      "patch deployments 'web' changes more than its plan has room for",
    ],
    [{ change: [replicas, { path: '/x', part: 0 } as never] }, "patch deployments 'web' changes more than its plan has room for"],
    [
      { change: [replicas, { path: '/x', lines: '+ 1', format: 'JSON' }] },
      "patch deployments 'web' changes a value that is too long for the rules",
    ],
    [{ change: [replicas, { path: '/x', redacted: true }] }, "patch deployments 'web' changes something that is hidden"],
    [{ change: [replicas, { path: '/x/AGENTS.md', after: '"y"' }] }, "patch deployments 'web' may change instructions of agents"],
    [{ origin: 'Declared' }, "patch deployments 'web' was not observed"],
  ];
  for (const [more, sentence] of rows)
    it(`${JSON.stringify(more)}: ${sentence}`, () => assert.ok(reasonsFor(more).includes(sentence), reasonsFor(more).join('\n')));

  it('by one sentence where one is enough', () => {
    assert.deepEqual(reasonsFor({ reversible: false }), ["patch deployments 'web' cannot be rolled back"]);
    // A deletion needs a person as it is, whatever is said of its fields.
    const change = [{ path: '/x', redacted: true, cut: true }];
    assert.deepEqual(reasonsFor({ verb: 'delete', reversible: false, change }), ["delete deployments 'web' deletes"]);
    assert.deepEqual(reasonsFor({ verb: 'delete', change: undefined as never }), ["delete deployments 'web' deletes"]);
  });

  const rules: readonly [what: string, effect: Partial<Effect>, rule: RegExp][] = [
    ['rights', { apiGroup: 'rbac.authorization.k8s.io', resource: 'roles' }, /about who may do what/],
    ['a Secret', { apiGroup: '', resource: 'secrets' }, /a Secret in itself/],
    [
      'a field with the name of a credential',
      { change: [{ path: '/spec/template/spec/imagePullSecrets/0/name', after: '"x"' }] },
      /by its name is a credential/,
    ],
  ];
  for (const [what, more, rule] of rules) it(`by the rule about ${what}`, () => assert.match(reasonsFor(more).join('\n'), rule));
});

describe('Nobody is needed', () => {
  it('for what only configures, or changes nothing that is shown', () => {
    const configMap = { apiGroup: '', resource: 'configmaps' };
    assert.deepEqual(reasonsFor({ ...configMap, change: [{ path: '/data/colour', before: '"red"', after: '"blue"' }] }), []);
    assert.deepEqual(reasonsFor({ ...configMap, change: [{ path: '/data/colour', before: '"red"' }] }), []);
    assert.deepEqual(reasonsFor({ change: undefined as never }), []);
  });
});

describe('Instructions of agents', () => {
  const keys: Record<string, boolean> = {
    'AGENTS.md': true,
    'AGENTS.override.local-2.md': true,
    'claude.md': true,
    'GEMINI.md': true,
    'copilot-instructions.md': true,
    'SKILL.md': true,
    '.codex~1config.toml': true,
    '.cursor': true,
    '.windsurf': true,
    '.gemini': true,
    'mcp.json': true,
    'mcp_servers.toml': true,
    'agents!x.md': false,
    'agents..md': false,
    'agents.!.md': false,
    'readme.md': false,
    'mcp.yaml': false,
    codex: false,
  };
  for (const [key, isInstruction] of Object.entries(keys))
    it(`are ${isInstruction ? '' : 'not '}in ${key}`, () =>
      assert.equal(
        reasonsFor({ apiGroup: '', resource: 'configmaps', change: [{ path: `/data/${key}`, after: '"x"' }] }).some((reason) =>
          reason.endsWith('may change instructions of agents'),
        ),
        isInstruction,
      ));
});

describe('What policies say of starting alone', () => {
  it('names the line that covers the risk, or the list where none does', () => {
    assert.deepEqual(
      autoReviewAt(set(policy('a'), policy('b', { approvals: [{ upToRisk: 'Low' }] }), policy('c', {}), unreadable), 'High'),
      {
        lines: [
          { policy: 'ClusterAgentPolicy/a', path: 'approvals[1]', autoReview: false, runs: 2 },
          { policy: 'ClusterAgentPolicy/b', path: 'approvals', autoReview: false, runs: 0 },
        ],
        runs: 2,
      },
    );
    assert.deepEqual(autoReviewAt(set(), 'Low'), { lines: [], runs: 0 });
    assert.deepEqual(autoReviewAt(set(policy('a')), 'Low').lines[0]?.path, 'approvals[0]');
  });

  it('takes a number of runs that was not counted for enough, and each other one as it is', () => {
    assert.deepEqual(runsMissing(undefined, 3), []);
    assert.deepEqual(runsMissing(3, 3), []);
    assert.deepEqual(runsMissing(2, 3), ['2 of 3 runs of it have succeeded here since one failed']);
  });

  it('requires a person for ad-hoc steps by each policy that cannot be read', () => {
    const policies = set(policy('floor', { approvals, playbooks: { adHocSteps: 'Allow' } }), unreadable);
    const trust = { trusted: false, why: 'x' } as const;
    assert.deepEqual(whyPerson({ ...facts, policies, adHoc: true, trust })?.slice(0, 1), [
      'ClusterAgentPolicy/broken requires approval by a person for ad-hoc steps',
    ]);
  });

  it('is cut to what a plan has room for', () => {
    assert.deepEqual(limitReasons(['x'.repeat(600), 'y']), ['x'.repeat(512), 'y']);
    assert.equal(limitReasons(Array.from({ length: 20 }, (_, index) => `${index}`)).length, 16);
  });
});
