import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { file, floorOf, policy, policyOf } from '../../../../test/offline.ts';

const FLOOR = floorOf('modes: [Apply]');
const one = (kind: string, metadata: string, spec: string, apiVersion = 'sentinel.dev/v1alpha1') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n---\n`;

describe('reading policies of files', () => {
  const faults: readonly [name: string, text: string, message: RegExp][] = [
    [
      'a typo, with what is meant',
      floorOf('suspendd: true'),
      /ClusterAgentPolicy\/floor: spec\.suspendd: there is no such field; is 'suspended' meant/,
    ],
    [
      'a typo deep inside',
      floorOf('kubernetes: [{apiGroups: [apps], resources: [pods], verb: [get], verbs: [get], decision: Allow}]'),
      /spec\.kubernetes\[0\]\.verb: there is no such field/,
    ],
    [
      'a field that is not supported yet',
      one(
        'Playbook',
        '{name: x, namespace: x}',
        '{category: Other, description: x, account: x, sandbox: {image: x}, steps: [{name: x, command: [x]}], access: {model: Planner}}',
      ),
      /spec\.access: is not supported yet/,
    ],
    ['what is twice in a set', floorOf('modes: [Apply, Apply]'), /spec\.modes\[1\]: "Apply" is defined twice/],
    ['a kind that there is not', one('AgentPolcy', '{name: x}', '{}'), /AgentPolcy: there is no such kind/],
    [
      'another version',
      one('AgentPolicy', '{name: x, namespace: x}', '{}', 'sentinel.dev/v1'),
      /apiVersion: must be 'sentinel\.dev\/v1alpha1'/,
    ],
    ['a policy of no namespace', one('AgentPolicy', '{name: x}', '{}'), /metadata\.namespace: is missing/],
    ['a floor in a namespace', one('ClusterAgentPolicy', '{name: x, namespace: x}', '{}'), /belongs to the whole cluster/],
    ['the same policy twice', FLOOR + FLOOR, /ClusterAgentPolicy\/floor: is defined twice/],
    ['a field beside `spec`', `${FLOOR.replace('\n---\n', '')}\nspce: {}\n`, /spce: there is no such field/],
    [
      'a namespace of a user',
      floorOf('subjects: [{kind: User, name: ada, namespace: x}]'),
      /`subjects\[0\]\.namespace`: may only be set/,
    ],
    [
      'a ServiceAccount of a floor that is nobody',
      floorOf('subjects: [{kind: ServiceAccount, name: bot}]'),
      /`subjects\[0\]\.namespace`: must be set for the ServiceAccount 'bot'.*nobody/,
    ],
    [
      'one field for another',
      floorOf('command: [{prefix: [kubectl, delete], decision: Deny}]'),
      /spec\.command: there is no such field; is 'commands' meant/,
    ],
    [
      'a Playbook without a rollback',
      one(
        'Playbook',
        '{name: x, namespace: x}',
        '{category: Other, description: x, account: a, sandbox: {image: x, profile: Change}, steps: [{name: a, command: [ls]}]}',
      ),
      /Playbook\/x\/x: spec: `rollback` must say/,
    ],
    [
      'a rule about high risk without effect',
      floorOf('highRisk: [{apiGroups: [""], resources: [pods]}]'),
      /spec\.highRisk\[0\]: a rule must raise/,
    ],
    [
      'a freeze that never comes',
      floorOf('freeze: [{schedule: "0 0 31 2 *", duration: 1h, reason: x}]'),
      /freeze\[0\]\.schedule/,
    ],
    [
      'an action with a typo in a case',
      `${FLOOR}kind: PolicyTest\ncases: [{name: x, as: ada, expect: Deny, action: {intent: {summary: x}, playbok: x}}]`,
      /'x': action\.playbok: there is no such field/,
    ],
    [
      'cases of a misspelt kind',
      `${FLOOR}kind: policytest\ncases: [{name: x, as: ada, expect: Deny, host: a.io}]`,
      /policytest: there is no such kind; is 'PolicyTest' meant\?/,
    ],
    ['a kind in the plural', `${FLOOR}kind: PolicyTests\ncases: []`, /PolicyTests: there is no such kind/],
    [
      'a namespace without a version',
      `${FLOOR}kind: Namespace\nmetadata: {name: shop}`,
      /Namespace: apiVersion: is missing; only a document of `kind: PolicyTest` needs none/,
    ],
    ['cases that say they are of a version', `${FLOOR}apiVersion: v1\nkind: PolicyTests\n`, /PolicyTests: there is no such kind/],
    ['a document that is not an object', '- a\n- b\n', /must be an object with a `kind`/],
  ];
  for (const [name, text, message] of faults)
    it(`names ${name}, and ends with 2`, async () => {
      for (const argv of [['test'], ['lint'], ['can-i', '--as', 'ada', '--host', 'a.io', '-f']]) {
        const ran = await policy([...argv, file(text)]);
        assert.equal(ran.code, 2, ran.out);
        assert.match(ran.error, message);
        assert.match(ran.error, /policies\.yaml: .*\n.*error: \d+ faults? in the files/s);
      }
    });

  it('names every fault at once, a line each', async () => {
    const ran = await policy(['lint', file(floorOf('a: 1\nb: 2') + one('AgentPolicy', '{name: x}', '{c: 3}'))]);
    assert.equal(ran.error.trim().split('\n').length, 5, ran.error);
    assert.match(ran.error, /4 faults/);
  });

  it('skips other objects, and splits lists', async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: sentinel.dev/v1alpha1, kind: ClusterAgentPolicy, metadata: {name: a}, spec: {suspended: true}, status: {}}\n---\n`;
    const ran = await policy([
      'lint',
      file(`${list}apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {whatever: 1}\n`),
    ]);
    assert.match(ran.out, /ClusterAgentPolicy\/a +suspended/);
  });

  it('shows nothing hostile of a file', async () => {
    const ran = await policy(['lint', file(floorOf('"\\e[2J": true'))]);
    assert.equal(ran.code, 2);
    assert.doesNotMatch(ran.error, /\u001b/);
  });

  it('takes a namespace that is described for what it says', async () => {
    const policies =
      floorOf('kubernetes: [{apiGroups: [""], resources: [pods], verbs: [get], decision: Allow}]') + policyOf('modes: [Apply]');
    const asked = ['can-i', '--as', 'ada', '-n', 'shop', '--api', 'get pods', '-f'];
    assert.equal((await policy([...asked, file(policies)])).code, 0);
    const closed = await policy([...asked, file(`${policies}apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n`)]);
    assert.equal(closed.code, 1);
    assert.match(closed.out, /namespace 'shop' has not opted in/);
  });
});
