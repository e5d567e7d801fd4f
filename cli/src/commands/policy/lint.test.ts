import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertGolden } from '../../../test/golden.ts';
import { file, floorOf, policy, policyOf } from '../../../test/offline.ts';

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

  const freezes: readonly [name: string, windows: string, path: string | undefined][] = [
    ['one that begins anew before it ends', '{schedule: "0 * * * *", duration: 2h, reason: x}', 'freeze[0]'],
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
    ['no subjects', 'subjects: []', /speaks of nobody/],
  ];
  for (const [name, spec, found] of nobody)
    it(`finds approvals and policies of nobody: ${name}`, async () => {
      const ran = await policy(['lint', file(FLOOR + policyOf(spec))]);
      if (found) assert.match(ran.out, found);
      assert.equal(ran.code, found ? 1 : 0, ran.out);
    });

  it('finds a ServiceAccount of a floor that is nobody', async () => {
    const ran = await policy([
      'lint',
      file(floorOf(`subjects: [{kind: ServiceAccount, name: a}]\n${RULES}\napprovals: [{upToRisk: Low}]`)),
    ]);
    assert.match(ran.out, /subjects\[0\] +'a' is nobody/);
  });

  it('does not lint what holds no policy', async () => {
    const ran = await policy(['lint', file('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')]);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /there is no AgentPolicy/);
  });
});
