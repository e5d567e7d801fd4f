import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { file, floorOf, policy, policyOf } from '../../../test/offline.ts';

const RULES = [
  'modes: [DryRun, Apply]',
  'kubernetes:',
  '- {apiGroups: ["*"], resources: ["*", deployments/scale], verbs: ["*"], decision: Allow}',
].join('\n');
const FLOOR = floorOf(
  `${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Medium, autoReview: true, autoReviewAfter: 2}, {upToRisk: High}]\nlimits: {children: 2, depth: 1, objects: 4}`,
);
const OWN = policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}`);
const playbook = (autonomy: string, more = '') => `apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata: {name: ${autonomy.toLowerCase()}, namespace: shop}
spec:
  category: Other
  description: Restarts.
  account: remediator
  sandbox: {profile: Change, image: tools}
  steps: [{name: one, command: [kubectl, rollout, restart, deployment, web]}]
  rollback: {from: PreImages}
  autonomy: ${autonomy}
${more}---
`;
const BOOKS = playbook('Auto') + playbook('Approve');
const auto = 'action: {intent: {summary: x}, playbookRef: {name: auto}}';
const approve = 'action: {intent: {summary: x}, playbookRef: {name: approve}}';
const own = (more = '') =>
  `action: {intent: {summary: x}, steps: [{name: one, command: [kubectl, annotate, deployment, web, a=b]}], account: remediator, image: tools${more}}`;
const restart = 'effects: [{apiGroup: apps, resource: deployments, name: web, change: [/spec/template/metadata/annotations/at]}]';
const note = 'effects: [{apiGroup: apps, resource: deployments, name: web, change: [/metadata/annotations/a]}]';

/** Runs one case against policies; the answer is what went wrong, or nothing. */
async function judged(policies: string, fields: string): Promise<string> {
  const ran = await policy([
    'test',
    file(`${policies}kind: PolicyTest\ncases:\n- {name: x, as: ada, namespace: shop, ${fields}}\n`),
  ]);
  return ran.error;
}

describe('A case of an action', () => {
  const rows: readonly [name: string, fields: string, policies?: string][] = [
    // What may start without a person.
    [
      'starts alone once it has earned it',
      `${auto}, ${restart}, succeeded: 2, expect: Allow, because: "approvals[0].autoReview", approvals: 0`,
    ],
    ['has not earned it', `${auto}, ${restart}, succeeded: 1, expect: RequireApproval, because: autoReview, approvals: 1`],
    ['has earned nothing where nothing is said', `${auto}, ${restart}, expect: RequireApproval, because: autoReview`],
    ['does not claim it', `${approve}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`],
    ['is trusted by nobody', `${auto}, ${restart}, succeeded: 9, trusted: false, expect: Deny, because: playbooks.trustedOnly`],
    [
      'deletes',
      `${auto}, effects: [{verb: delete, apiGroup: apps, resource: deployments}], succeeded: 9, expect: RequireApproval, because: approvals`,
    ],
    ['deletes data', `${auto}, effects: [{verb: delete, resource: configmaps}], succeeded: 9, expect: Deny, because: approvals`],
    [
      'is of a privilege',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [/spec/template/spec/hostNetwork]}], succeeded: 9, expect: RequireApproval`,
    ],
    [
      'cannot be taken back',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [/metadata/labels/a], reversible: false}], succeeded: 9, expect: RequireApproval`,
    ],
    [
      'goes to another namespace',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, namespace: other}], succeeded: 9, expect: Deny, because: kubernetes`,
    ],
    [
      'touches what nothing may touch',
      `${auto}, effects: [{resource: secrets}], succeeded: 9, expect: Deny, because: protected secrets`,
    ],
    [
      'changes more than limits allow',
      `${auto}, effects: [{resource: configmaps, name: a}, {resource: configmaps, name: b}, {resource: configmaps, name: c}, {resource: configmaps, name: d}, {resource: configmaps, name: e}], expect: Deny, because: limits.objects`,
    ],
    ['changes nothing', `${auto}, effects: [], expect: Allow, because: effects`],
    [
      'is a DryRun',
      `action: {intent: {summary: x}, playbookRef: {name: auto}, mode: DryRun}, ${restart}, expect: Allow, because: mode`,
    ],
    [
      'is of high risk by its size',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, pods: {before: 3, after: 0}}], succeeded: 9, expect: RequireApproval, because: approvals`,
    ],
    [
      'is wanted reviewed by one of two policies',
      `${auto}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR + policyOf(`${RULES}\napprovals: [{upToRisk: High}]`),
    ],
    [
      'needs approval by a rule',
      `${auto}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR +
        policyOf(
          'modes: [DryRun, Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [patch], decision: RequireApproval}]',
        ),
    ],
    [
      'writes values as any JSON',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [{path: /spec/replicas, before: 2, after: 3}, {path: /spec/paused, before: null, after: false}]}], succeeded: 2, expect: Allow`,
    ],
    [
      'writes an image from elsewhere as a plain text',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [{path: /spec/template/spec/containers/0/image, before: example/app, after: evil.example/x}]}], succeeded: 2, expect: RequireApproval, because: autoReview`,
    ],
    // Steps of its own.
    ['with steps of its own starts alone where all allow it', `${own()}, ${note}, succeeded: 2, expect: Allow`],
    [
      'with steps of its own is refused by default',
      `${own()}, expect: Deny, because: playbooks.adHocSteps`,
      FLOOR + policyOf(RULES),
    ],
    [
      'with steps of its own waits where one policy says so',
      `${own()}, ${note}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: RequireApproval}`),
    ],
    [
      'with steps of its own that no rule allows',
      `${own()}, expect: Deny, because: "commands[0]"`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\ncommands: [{prefix: [kubectl, annotate], decision: Deny}]`),
    ],
    [
      'with an image that no rule allows',
      `${own()}, expect: Deny, because: images.allow`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\nimages: {allow: [other]}`),
    ],
    [
      'with steps of its own is no less than of medium risk',
      `${own()}, ${note}, succeeded: 9, expect: RequireApproval, because: approvals`,
      floorOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Low, autoReview: true}, {upToRisk: High}]`) + OWN,
    ],
    // Parts of others.
    ['is the second part', `${auto}, ${restart}, succeeded: 2, parent: {children: 1}, expect: Allow`],
    ['is the third part', `${auto}, parent: {children: 2}, expect: Deny, because: limits.children`],
    ['is a part of a part', `${auto}, parent: {depth: 1}, expect: Deny, because: limits.depth`],
    ['is a part of a DryRun', `${auto}, parent: {mode: DryRun}, expect: Deny, because: parentAction`],
    ["is a part of somebody else's", `${auto}, parent: {requester: eve}, expect: Deny, because: parentAction`],
    ['is a part of what has ended', `${auto}, parent: {ended: Succeeded}, expect: Deny, because: parentAction`],
    [
      'draws on one budget with its relatives',
      `${auto}, ${restart}, parent: {changed: 4}, expect: Deny, because: limits.objects`,
    ],
    [
      'is a part where none may be',
      `action: {intent: {summary: x, parentAction: p}, playbookRef: {name: auto}}, expect: Deny, because: limits.children`,
      floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + OWN,
    ],
    // Who may file at all.
    [
      'is of somebody whom the floor refuses',
      `${auto}, expect: Deny, because: identity.agents.groups`,
      `${FLOOR.replace('\n---', '\n  identity: {agents: {groups: [agents]}}\n---')}${OWN}`,
    ],
  ];
  for (const [name, fields, policies = FLOOR + OWN] of rows)
    it(name, async () => assert.equal(await judged(policies + BOOKS, fields), ''));

  it('says what it lacks to start without a person', async () =>
    assert.match(
      await judged(FLOOR + OWN + BOOKS, `${auto}, ${restart}, succeeded: 1, expect: Allow`),
      /1 of 2 runs of it have succeeded/,
    ));

  const faults: readonly [fields: string, fault: RegExp][] = [
    ['host: a.io, succeeded: 1, expect: Allow', /`succeeded` goes with `action`/],
    [`${auto}, effects: [{resource: pods, verb: get}], expect: Allow`, /effects\.0\.verb/],
    [`${auto}, effects: [{resource: pods, change: [spec]}], expect: Allow`, /effects\.0\.change/],
    [`${auto}, effects: [{resource: deployments}], expect: Deny`, /effects\.0: `deployments` are of the group 'apps'/],
    [
      `${auto}, effects: [{resource: pods, change: [7]}], expect: Deny`,
      /effects\.0\.change\.0: must be a JSON pointer, such as .*or \{path, before, after\}/,
    ],
    [`${auto}, parent: {childs: 1}, expect: Allow`, /childs/],
    [`${auto}, parent: {ended: Running}, expect: Allow`, /must be a state in which an action ends/],
    ['action: {intent: {summary: x}, steps: [{name: a, command: [b]}]}, expect: Deny', /need the `account`/],
  ];
  for (const [fields, fault] of faults)
    it(`is refused: ${fields.slice(0, 60)}`, async () => assert.match(await judged(FLOOR, fields), fault));
});

describe('A DryRun', () => {
  const asks = policyOf(
    'modes: [DryRun, Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [patch], decision: RequireApproval}]',
  );
  for (const asked of [
    `action: {intent: {summary: x}, playbookRef: {name: auto}, mode: DryRun}, ${restart}`,
    'api: {verb: patch, apiGroup: apps, resource: deployments, name: web}, mode: DryRun',
  ])
    it(`is the same asked as '${asked.slice(0, 6)}'`, async () => {
      assert.equal(await judged(FLOOR + asks + BOOKS, `${asked}, expect: Allow, because: mode`), '');
    });
});

describe('A question about a request', () => {
  const ask = async (policies: string, ...argv: string[]) =>
    await policy(['can-i', '-f', file(policies), '-n', 'shop', '--as', 'ada', ...argv]);

  it('says what would let it start without a person', async () => {
    const ran = await ask(FLOOR + OWN, '--api', 'patch deployments.apps/web');
    assert.equal(ran.code, 3);
    assert.match(
      ran.out,
      /without a person: by a trusted Playbook whose autonomy is 'Auto' at risk Medium, after 2 run\(s\) that succeeded \(ClusterAgentPolicy\/floor: approvals\[0\]\)/,
    );
    assert.match(ran.out, /without a person: by ad-hoc steps/);
  });

  it('says why nothing would', async () => {
    const both = floorOf(`${RULES}\napprovals: [{upToRisk: High, autoReview: true}]`) + OWN;
    assert.match(
      (await ask(both, '--api', 'delete deployments.apps/web')).out,
      /not without a person: delete deployments 'web' deletes/,
    );
    const low = floorOf(`${RULES}\napprovals: [{upToRisk: Low, autoReview: true}, {upToRisk: High}]`) + OWN;
    const ran = await ask(low, '--api', 'patch deployments.apps/web');
    assert.match(ran.out, /'Auto' that changes labels or annotations alone at risk Low/);
    assert.doesNotMatch(ran.out, /ad-hoc steps/);
  });

  it('is silent where no policy speaks of it', async () => {
    const ran = await ask(floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + OWN, '--api', 'patch deployments.apps/web');
    assert.doesNotMatch(ran.out, /without a person/);
  });

  it('tells programs', async () => {
    const ran = await ask(FLOOR + OWN, '-o', 'json', '--api', 'patch deployments.apps/web');
    const { autonomy } = JSON.parse(ran.out) as { autonomy: { when: string[]; notBecause: string[] } };
    assert.deepEqual([autonomy.when.length > 0, autonomy.notBecause], [true, []]);
  });
});

describe('What holds', () => {
  const values = async (policies: string) => {
    const ran = await policy(['explain', '--effective', '-f', file(policies), '-n', 'shop', '--as', 'ada', '-o', 'json']);
    const parsed = JSON.parse(ran.out) as {
      values: { field: string; value: string; policy: string; path: string; insteadOf?: string[] }[];
    };
    return (field: string) => parsed.values.filter((one) => one.field === field).map(({ field: _, ...rest }) => rest);
  };

  it('names the line that covers a risk, also where a line for less risk wants more people', async () => {
    const floor = floorOf(`${RULES}\napprovals: [{upToRisk: Low, approvals: 2}, {upToRisk: Critical, approvals: 1}]`);
    const of = await values(floor + policyOf('modes: [Apply]'));
    assert.deepEqual(of('approvals at risk High'), [
      { value: '2, good for 4h', policy: 'ClusterAgentPolicy/floor', path: 'approvals[1]' },
    ]);
  });

  it('without a word of a policy is what is built in', async () => {
    const of = await values(floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + policyOf('modes: [Apply]'));
    const built = { policy: 'Sentinel', path: 'default' };
    assert.deepEqual(of('limits.children'), [{ value: '0', ...built }]);
    assert.deepEqual(of('limits.depth'), [{ value: '1', ...built }]);
    for (const kind of ['prompts', 'parameters', 'logs', 'diffs'])
      assert.deepEqual(of(`dataHandling.${kind}`), [{ value: 'Redacted', ...built }]);
    assert.deepEqual(of('dataHandling.retainFor'), [{ value: 'for ever', ...built }]);
    assert.deepEqual(of('dataHandling.redact'), [{ value: 'what is known as a secret', ...built }]);
    assert.deepEqual(of('playbooks.adHocSteps')[0]?.value, 'Deny');
    assert.deepEqual(of('autoReview at risk Low'), [
      { value: 'false', policy: 'ClusterAgentPolicy/floor', path: 'approvals[0].autoReview' },
    ]);
    assert.deepEqual(of('autoReview at risk Critical'), [
      { value: 'false', policy: 'ClusterAgentPolicy/floor', path: 'approvals' },
    ]);
  });

  it('is the strictest of what policies say, with the layer that says it', async () => {
    const floor = floorOf(
      `${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Critical, autoReview: true}]\nlimits: {children: 6, depth: 2, perDay: 5}\ndataHandling: {prompts: Hashed, logs: Stored, retainFor: 1h, redact: {patterns: ['ACME-\\d+']}}`,
    );
    const own = policyOf(
      `modes: [Apply]\nplaybooks: {adHocSteps: RequireApproval}\napprovals: [{upToRisk: Low, autoReview: true, autoReviewAfter: 7}, {upToRisk: Critical}]\nlimits: {children: 2}\ndataHandling: {prompts: Stored, retainFor: 90d, redact: {fields: [/data/*]}}`,
    );
    const of = await values(floor + own);
    const [shop, cluster] = ['AgentPolicy/shop', 'ClusterAgentPolicy/floor'];
    assert.deepEqual(of('autoReview at risk Low'), [
      { value: 'true', policy: `${shop}, ${cluster}`, path: 'approvals[0].autoReview' },
    ]);
    assert.deepEqual(of('autoReviewAfter at risk Low'), [
      { value: '7 run(s) that succeeded', policy: shop, path: 'approvals[0].autoReviewAfter' },
    ]);
    assert.deepEqual(of('autoReview at risk Medium'), [
      { value: 'false', policy: shop, path: 'approvals[1].autoReview', insteadOf: [`true (${cluster})`] },
    ]);
    assert.deepEqual(of('playbooks.adHocSteps'), [
      { value: 'RequireApproval', policy: shop, path: 'playbooks.adHocSteps', insteadOf: [`Allow (${cluster})`] },
    ]);
    assert.deepEqual(of('limits.children'), [
      { value: '2', policy: shop, path: 'limits.children', insteadOf: [`6 (${cluster})`] },
    ]);
    assert.deepEqual(of('limits.depth'), [{ value: '2', policy: cluster, path: 'limits.depth' }]);
    assert.deepEqual(of('dataHandling.prompts'), [
      { value: 'Hashed', policy: cluster, path: 'dataHandling.prompts', insteadOf: [`Stored (${shop})`] },
    ]);
    assert.deepEqual(of('dataHandling.logs'), [{ value: 'Stored', policy: cluster, path: 'dataHandling.logs' }]);
    assert.deepEqual(of('dataHandling.redact.patterns'), [
      { value: 'ACME-\\d+', policy: cluster, path: 'dataHandling.redact.patterns[0]' },
    ]);
    assert.deepEqual(of('dataHandling.redact.fields'), [
      { value: '/data/*', policy: shop, path: 'dataHandling.redact.fields[0]' },
    ]);
    assert.deepEqual(of('dataHandling.retainFor'), [
      {
        value: '1h (86400s, as long as limits count it)',
        policy: cluster,
        path: 'dataHandling.retainFor',
        insteadOf: [`90d (${shop})`],
      },
    ]);
  });

  it('is kept at least as long as the floor wants', async () => {
    const floor = floorOf(`${RULES}\napprovals: [{upToRisk: High}]\ndataHandling: {retainAtLeast: 90d}`);
    const of = await values(floor + policyOf('modes: [Apply]\ndataHandling: {retainFor: 30d}'));
    assert.equal(of('dataHandling.retainFor')[0]?.value, '30d (90d by retainAtLeast)');
    assert.deepEqual(of('dataHandling.retainAtLeast'), [
      { value: '90d', policy: 'ClusterAgentPolicy/floor', path: 'dataHandling.retainAtLeast' },
    ]);
  });

  it('lets nothing Critical start alone, whatever all of them say', async () => {
    const of = await values(
      floorOf(`${RULES}\napprovals: [{upToRisk: Critical, autoReview: true}]`) + policyOf('modes: [Apply]'),
    );
    assert.deepEqual(of('autoReview at risk Critical'), [
      { value: 'false', policy: 'Sentinel', path: 'always', insteadOf: ['true (ClusterAgentPolicy/floor)'] },
    ]);
  });
});
