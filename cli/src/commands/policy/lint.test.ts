import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClusterAgentPolicySpec } from '@sentinel/crds';
import { assertGolden } from '../../../test/golden.ts';
import { file, floorOf, policy, policyOf } from '../../../test/offline.ts';
import { lintPolicies } from './lint.ts';

const RULES = 'kubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [get, patch], decision: RequireApproval}]';
const FLOOR = floorOf(
  `modes: [DryRun]\n${RULES}\napprovals: [{upToRisk: High, approvals: 2, groups: [sre]}]\nlimits: {objects: 5, duration: 5m}`,
);

describe('policy lint', () => {
  it('says of a policy all that it finds, errors first', async () => {
    const ran = await policy([
      'lint',
      file(
        FLOOR +
          policyOf(
            [
              'modes: [DryRun, Apply]',
              'playbooks: {trustedOnly: false}',
              'network: {allow: [evil.io], deny: ["*.evil.io"], unfamiliar: Allow}',
              'mcpServers: {allow: [{url: "https://a", tools: [x]}, {url: "https://a"}]}',
              'commands:',
              '- {prefix: [bash], decision: Allow}',
              '- {prefix: [kubectl, "delete|get"], decision: Allow, notMatch: [ls]}',
              '- {prefix: [make], decision: Allow}',
              '- {prefix: [python3], decision: Allow}',
              'kubernetes:',
              '- {apiGroups: [apps], resources: [deployments], verbs: [patch, delete], decision: Allow}',
              '- {apiGroups: [""], resources: [secrets], verbs: [get], decision: Allow}',
              'approvals: [{upToRisk: Critical, groups: [devs]}, {upToRisk: Low}]',
              'limits: {objects: 50, duration: 1h}',
              'highRisk: [{apiGroups: [""], resources: [pods], raiseTo: Low}]',
            ].join('\n'),
          ),
      ),
    ]);
    assert.equal(ran.code, 1, ran.error);
    assertGolden('policy-lint', ran.out.trimEnd());
  });

  const refusing: readonly [name: string, floor: string, own: string, message: RegExp | undefined][] = [
    [
      'the groups of a line',
      'approvals: [{upToRisk: Low}, {upToRisk: High, groups: [sre]}]\nidentity: {refuseGroups: [sre]}',
      '',
      /risk Medium, High together: each group that may approve \(sre\) is in `identity\.refuseGroups` of a ClusterAgentPolicy/,
    ],
    [
      'the groups of a policy of a namespace',
      'approvals: [{upToRisk: High}]\nidentity: {refuseGroups: [devs, "system:masters"]}',
      'approvals: [{upToRisk: High, groups: [devs]}]',
      /risk Low, Medium, High with the policies that it meets: each group that may approve \(devs\) is in/,
    ],
    [
      'who may approve at all',
      'approvals: [{upToRisk: High}]\nidentity: {approverGroups: [sre], refuseGroups: [sre]}',
      '',
      /each group that may approve \(sre\) is in/,
    ],
    ['one group of two', 'approvals: [{upToRisk: High, groups: [sre, devs]}]\nidentity: {refuseGroups: [sre]}', '', undefined],
  ];
  for (const [name, floor, own, message] of refusing)
    it(`${message ? 'finds' : 'takes'} a list of groups that refuses ${name}`, async () => {
      const ran = await policy(['lint', file(floorOf(`${RULES}\n${floor}`) + (own && policyOf(own)))]);
      assert.equal(ran.code, message ? 1 : 0, ran.out + ran.error);
      if (message) assert.match(ran.out, message);
    });

  const freezes: readonly [name: string, windows: string, path: string | undefined][] = [
    ['one that begins again before it ends', '{schedule: "0 * * * *", duration: 2h, reason: x}', 'freeze[0]'],
    [
      'two that leave no gap',
      '{schedule: "0 * * * *", duration: 59m, reason: x}, {schedule: "59 * * * *", duration: 1m, reason: x}',
      'freeze',
    ],
    ['one with a gap of a minute', '{schedule: "0 * * * *", duration: 59m, reason: x}', undefined],
    ['the weekend', '{schedule: "0 16 * * FRI", timeZone: Europe/Berlin, duration: 64h, reason: x}', undefined],
    ['every day of a year but one', '{schedule: "0 0 1 1 *", duration: 364d, reason: x}', undefined],
  ];
  for (const [name, windows, path] of freezes)
    it(`judges freezes: ${name}`, async () => {
      const ran = await policy(['lint', '-o', 'json', file(FLOOR + policyOf(`freeze: [${windows}]`))]);
      const found = (JSON.parse(ran.out) as { path: string }[]).filter((one) => one.path.startsWith('freeze'));
      assert.deepEqual(
        found.map((one) => one.path),
        path === undefined ? [] : [path],
      );
    });

  const nobody: readonly [name: string, spec: string, found: RegExp | undefined][] = [
    [
      'groups that the floor does not name',
      'approvals: [{upToRisk: High, groups: [devs]}]',
      /nobody could approve a plan of risk Low, Medium, High/,
    ],
    ['a group in common', 'approvals: [{upToRisk: High, groups: [devs, sre]}]', undefined],
    ['an empty list', 'approvals: [{upToRisk: High, groups: []}]', /nobody could approve/],
    ['no subjects', 'subjects: []', /applies to nobody/],
    [
      'a ServiceAccount as it is written elsewhere',
      'subjects: [{kind: ServiceAccount, name: "shop:agent"}]',
      /subjects\[0\]\.name +'shop:agent' matches nobody: a ServiceAccount is named by `namespace` and `name`/,
    ],
    [
      'a ServiceAccount by the name of its user',
      'subjects: [{kind: ServiceAccount, name: "system:serviceaccount:shop:agent"}]',
      /matches nobody: a ServiceAccount is named by/,
    ],
    ['a ServiceAccount of two words', 'subjects: [{kind: ServiceAccount, name: "a b"}]', /'a b' matches nobody/],
    [
      'a User after a blank',
      'subjects: [{kind: User, name: " ada"}]',
      /' ada' matches nobody: no name begins or ends with a blank/,
    ],
    [
      'anyone who there may be',
      'subjects: [{kind: ServiceAccount, name: a.b-1}, {kind: User, name: "oidc:Ada L"}, {kind: Group, name: "system:masters"}]',
      undefined,
    ],
  ];
  for (const [name, spec, found] of nobody)
    it(`finds approvals and policies of nobody: ${name}`, async () => {
      const ran = await policy(['lint', file(FLOOR + policyOf(spec))]);
      if (found) assert.match(ran.out, found);
      assert.equal(ran.code, found ? 1 : 0, ran.out);
    });

  it('finds what came past admission into a cluster, such as a floor for nobody', () => {
    const floor = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'ClusterAgentPolicy',
      metadata: { name: 'floor' },
      spec: ClusterAgentPolicySpec.parse({ subjects: [{ kind: 'ServiceAccount', name: 'bot' }] }),
    } as const;
    const found = lintPolicies(
      { clusterPolicies: [floor], policies: [], playbooks: [], namespaces: new Map(), tests: [], live: true },
      0,
    );
    assert.match(found[0]?.message ?? '', /is treated as deny-all until it is fixed: `subjects\[0\]\.namespace`.*'bot'.*nobody/);
  });

  const resources: readonly [groups: string, resources: string, found: Record<number, RegExp>][] = [
    ['""', 'pods, deployments', { 1: /'deployments' is of the API group 'apps', not of ''$/ }],
    ['""', 'deployments/scale', { 0: /'apps'/ }],
    ['apps, batch', 'pods, jobs', { 0: /of the API group '', not of 'apps' or 'batch'$/ }],
    ['apps', 'events', { 0: /'' or 'events.k8s.io'/ }],
    ['networking', 'networkpolicies', { 0: /of the API group 'networking.k8s.io', not of 'networking'$/ }],
    ['extensions', 'ingresses', { 0: /networking.k8s.io/ }],
    ['apps', 'deployment, sts', { 0: /no resource 'deployment'; write 'deployments'$/, 1: /write 'statefulsets'$/ }],
    ['"*"', 'pod/log, deploy', { 0: /write 'pods'$/, 1: /write 'deployments'$/ }],
    ['"", apps, events.k8s.io', 'pods, deployments, deployments/scale, events', {}],
    ['"*"', '"*", pods/log, deployments, widgets', {}],
    ['apps', '"*", somethings', {}],
    ['metrics.k8s.io', 'pods, nodes', {}],
    ['example.com, apps', 'deployment, pods', {}],
  ];
  for (const [groups, names, expected] of resources)
    it(`finds resources that are in no group of their rule: ${names} in ${groups}`, async () => {
      const entry = `apiGroups: [${groups}], resources: [${names}]`;
      const spec = `kubernetes: [{${entry}, verbs: ["*"], decision: Deny}]\nhighRisk: [{${entry}, refuse: true}]`;
      const ran = await policy(['lint', '-o', 'json', file(FLOOR + policyOf(spec))]);
      const all = JSON.parse(ran.out) as { level: string; path: string; message: string }[];
      for (const list of ['kubernetes', 'highRisk']) {
        const found = all.filter(({ level, path }) => level === 'error' && path.startsWith(`${list}[0].resources`));
        assert.deepEqual(
          found.map(({ path }) => path),
          Object.keys(expected).map((at) => `${list}[0].resources[${at}]`),
        );
        for (const [at, pattern] of Object.values(expected).entries()) assert.match(found[at]?.message ?? '', pattern);
      }
    });

  const servers: readonly [name: string, entries: string, dead: number[]][] = [
    ['alternatives of one server', '{url: "https://a", tools: [x]}, {url: "https://a", tools: [y]}', []],
    ['the same twice', '{url: "https://a"}, {url: "https://a"}', [1]],
    ['a pin beside an entry without one', '{url: "https://a", schemaDigest: "sha256:DIGEST"}, {url: "https://a"}', [0]],
    ['tools of another', '{url: "https://a", tools: [x, y]}, {url: "https://a", tools: [y]}, {url: "https://b"}', [1]],
  ];
  for (const [name, entries, dead] of servers)
    it(`finds entries of MCP servers that another one covers: ${name}`, async () => {
      const text = `mcpServers: {allow: [${entries.replace('DIGEST', 'a'.repeat(64))}]}`;
      const ran = await policy(['lint', '-o', 'json', file(FLOOR + policyOf(text))]);
      const found = (JSON.parse(ran.out) as { path: string }[]).filter(({ path }) => path.startsWith('mcpServers'));
      assert.deepEqual(
        found.map(({ path }) => path),
        dead.map((index) => `mcpServers.allow[${index}]`),
      );
    });

  it('finds floors that name different model endpoints', async () => {
    const other = FLOOR.replace('name: floor', 'name: other');
    const floors = (url: string) =>
      FLOOR.replace('\n---', '\n  modelEndpoint: {url: "https://a.io"}\n---') +
      other.replace('\n---', `\n  modelEndpoint: {url: "${url}"}\n---`);
    assert.match(
      (await policy(['lint', file(floors('https://b.io'))])).out,
      /modelEndpoint +the ClusterAgentPolicies must name the same/,
    );
    assert.doesNotMatch((await policy(['lint', file(floors('https://A.io/'))])).out, /modelEndpoint/);
  });

  it('does not call an entry dead because only the floor pins what the server offers', async () => {
    const pinned = FLOOR.replace(
      '\n---',
      `\n  mcpServers: {allow: [{url: "https://a", schemaDigest: "sha256:${'a'.repeat(64)}"}]}\n---`,
    );
    const own = 'mcpServers: {allow: [{url: "https://a", tools: [x]}]}';
    assert.doesNotMatch((await policy(['lint', file(pinned + policyOf(own))])).out, /mcpServers/);
    const other = own.replace('tools', `schemaDigest: "sha256:${'b'.repeat(64)}", tools`);
    assert.match((await policy(['lint', file(pinned + policyOf(other))])).out, /mcpServers\.allow\[0\] .*do not have the digest/);
  });

  it('does not lint what holds no policy', async () => {
    const ran = await policy(['lint', file('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')]);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /there is no AgentPolicy/);
  });
});
