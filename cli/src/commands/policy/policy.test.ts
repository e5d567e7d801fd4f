import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examples, file, floorOf, policy } from '../../../test/offline.ts';

const AGENT = 'system:serviceaccount:shop:triage-agent';
const spec = (fields: string) => file(floorOf(fields));

describe('policy test', () => {
  for (const name of readdirSync(examples)) {
    it(`passes the example ${name}, and lint finds no error in it`, async () => {
      const tested = await policy(['test', join(examples, name)]);
      assert.equal(tested.code, 0, tested.out + tested.error);
      const linted = await policy(['lint', join(examples, name)]);
      assert.equal(linted.code, 0, linted.out);
    });
  }

  it('ends with 1 when a case differs, and says which rule decided; JUnit tells CI', async () => {
    const broken = readFileSync(join(examples, 'staging-autonomy/cases.yaml'), 'utf8').replace(
      'expect: Deny, because: "commands[1]"',
      'expect: Allow',
    );
    const junit = join(mkdtempSync(join(tmpdir(), 'sentinel-junit-')), 'out.xml');
    const ran = await policy(['test', join(examples, 'staging-autonomy/policies.yaml'), file(broken), '--junit', junit]);
    assert.equal(ran.code, 1);
    assert.match(
      ran.error,
      /'drains no node': Deny, not Allow \(AgentPolicy\/staging: commands\[1\]: .*Nodes belong to the platform team/,
    );
    assert.match(ran.out, /22 passed, 1 failed/);
    assert.match(readFileSync(junit, 'utf8'), /tests="23" failures="1"[\s\S]*<failure message="Deny, not Allow/);
  });

  const faults: [name: string, path: string, message: RegExp][] = [
    ['a field that there is not', spec('mode: [Apply]'), /ClusterAgentPolicy\/floor: spec\.mode: there is no such field/],
    ['a value that there is not', spec('modes: [Force]'), /ClusterAgentPolicy\/floor: spec\.modes\[0\]: Invalid option/],
    [
      'an example that fails',
      spec('commands: [{prefix: [kubectl, get], decision: Allow, match: ["kubectl delete x"]}]'),
      /commands\[0\]\.match\[0\]/,
    ],
    [
      'a case that asks nothing',
      file('kind: PolicyTest\ncases: [{name: x, as: ada, expect: Allow}]'),
      /'x': must ask one of command, api, host/,
    ],
    [
      'a case of nobody',
      file('kind: PolicyTest\ncases: [{name: x, expect: Deny, host: a.io}]'),
      /'x': as: must say who asks: a user as the API server names it/,
    ],
    ['a case with a typo', file('kind: PolicyTest\ncases: [{name: x, as: ada, expect: Allow, hots: a.io}]'), /'x': .*hots/],
    ['invalid YAML', file('kind: [\n'), /policies\.yaml: /],
    ['a bomb of aliases', file('a: &a [x, x]\nb: &b [*a, *a]\nkind: PolicyTest\n'), /cases/],
    ['a file that does not exist', '/nowhere/x.yaml', /cannot be read/],
    ['no case at all', spec('modes: [Apply]'), /there is no case/],
  ];
  for (const [name, path, message] of faults) {
    it(`names ${name}`, async () => {
      const ran = await policy(['test', path]);
      assert.equal(ran.code, 2, ran.out);
      assert.match(ran.error, message);
    });
  }
});

describe('policy can-i', () => {
  const files = ['-f', join(examples, 'read-only-agents'), '-n', 'shop', '--as', AGENT];
  const rows: [name: string, argv: readonly string[], code: number, out: RegExp][] = [
    ['says yes', ['--', 'kubectl', 'get', 'pods'], 0, /^yes\n.*'kubectl get pods' is allowed by 'kubectl get\|describe/],
    [
      'says no, with what to do instead',
      ['--', 'kubectl', '-n', 'x', 'delete', 'pod', 'y'],
      1,
      /^no\n.*These agents only read|^no\n.*is denied/,
    ],
    ['says when a person must approve', ['--', 'curl', 'https://x.io'], 3, /^with the approval of a person\n/],
    [
      'looks into scripts',
      ['--', 'sh', '-c', 'kubectl get pods; kubectl delete pod x'],
      1,
      /it runs: kubectl get pods; kubectl delete pod x/,
    ],
    ['takes requests to the API', ['--api', 'get deployments.apps/web'], 0, /^yes/],
    ['takes subresources', ['--api', 'get pods/log'], 0, /^yes/],
    ['refuses what no policy can allow', ['--api', 'get secrets'], 1, /Secrets may not be touched from a sandbox/],
    ['takes hosts', ['--host', 'a.io'], 1, /no policy has rules about hosts/],
    ['takes files', ['--file', 'write docs/AGENTS.md'], 3, /tells agents what to do/],
    ['asks for one thing at a time', ['--host', 'a.io', '--image', 'x'], 2, /^$/],
    ['takes no flag that there is not', ['--hots', 'a.io'], 2, /^$/],
  ];
  for (const [name, argv, code, out] of rows) {
    it(name, async () => {
      const ran = await policy(['can-i', ...files, ...argv]);
      assert.equal(ran.code, code, ran.out + ran.error);
      assert.match(ran.out, out);
    });
  }

  it('answers in JSON with the commands that it found', async () => {
    const ran = await policy(['can-i', ...files, '-o', 'json', '--', 'timeout', '5', 'kubectl', 'delete', 'pod', 'x']);
    const { decision, commands, because } = JSON.parse(ran.out) as {
      decision: string;
      commands: unknown[];
      because: { rule: string }[];
    };
    assert.deepEqual(
      [decision, commands, because[0]?.rule],
      ['Deny', [{ command: 'kubectl delete pod x', decision: 'Deny' }], 'commands[1]'],
    );
  });

  it('answers a batch line by line, also after an invalid line', async () => {
    const lines = [
      { as: AGENT, namespace: 'shop', command: 'kubectl get pods' },
      'x',
      { as: AGENT, namespace: 'shop', command: 'kubectl delete pod x' },
    ];
    const ran = await policy(
      ['can-i', ...files, '--batch'],
      `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnonsense\n`,
    );
    const answers = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { decision?: string; error?: string });
    assert.deepEqual(
      answers.map(({ decision, error }) => decision ?? (error ? 'error' : '')),
      ['Allow', 'error', 'Deny', 'error'],
    );
  });
});

describe('policy', () => {
  const cases = join(examples, 'read-only-agents');
  const rows: readonly [argv: readonly string[], message: RegExp][] = [
    [['test', cases, '-n', 'shop'], /leave out --namespace: each case says who asks and where/],
    [['test', cases, '--as', 'ada'], /leave out --as: /],
    [['test', cases, '--context', 'prod'], /leave out --context: files are read without a cluster/],
    [['lint', cases, '--as', 'ada'], /leave out --as: policies are the same for every requester/],
    [['lint', cases, '--as-group', 'devs'], /leave out --as-group: /],
    [['lint', cases, '--environment', 'production'], /leave out --environment: /],
    [['can-i', '-f', cases, '--as', AGENT, '--context', 'prod', '--host', 'a.io'], /leave out --context: /],
    [['explain', 'repair-web', '-f', cases], /leave out --filename: an action is explained by the policies of its cluster/],
    [['explain', 'repair-web', '--environment', 'production'], /leave out --environment: /],
    [['explain', 'repair-web', '--effective', '-f', cases, '--as', AGENT], /name an action, or pass --effective, not both/],
  ];
  for (const [argv, message] of rows)
    it(`takes no flag that it would not obey: ${argv.filter((word) => word !== cases).join(' ')}`, async () => {
      const ran = await policy(argv);
      assert.equal(ran.code, 2, ran.out);
      assert.match(ran.error, message);
    });
});

describe('policy lint', () => {
  const rows: [name: string, fields: string, found: RegExp | undefined][] = [
    [
      'a line of approvals that comes too late',
      'approvals: [{upToRisk: High}, {upToRisk: Low}]\nkubernetes: []',
      /error.*approvals\[1\].*is unreachable: approvals\[0\]/,
    ],
    [
      'a rule that allows everything',
      'kubernetes: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"], decision: Allow}]\napprovals: []',
      /error.*kubernetes\[0\].*allows every verb/,
    ],
    [
      'a rule behind a stricter one',
      'commands: [{prefix: [kubectl, "get|delete"], decision: Allow}, {prefix: [kubectl], decision: Deny, justification: x}]',
      /warning.*commands\[0\].*shadowed: commands\[1\]/,
    ],
    [
      'a host that is denied as well',
      'network: {allow: [a.acme.io], deny: ["*.acme.io"]}',
      /error.*network\.allow\[0\].*deny wins/,
    ],
    ['a floor without rules', 'modes: [Apply]', /error.*the floor.*kubernetes/],
    [
      'a freeze without end',
      'freeze: [{schedule: "0 * * * *", duration: 2h, reason: x}]',
      /error.*freeze\[0\].*nothing would ever start/,
    ],
    ['a kill switch that is on', 'suspended: true\nkubernetes: []\napprovals: []', /warning.*suspended/],
    [
      'nothing if nothing is',
      'kubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [get], decision: Allow}]\napprovals: [{upToRisk: Low}, {upToRisk: High}]',
      undefined,
    ],
  ];
  for (const [name, fields, found] of rows) {
    it(`finds ${name}`, async () => {
      const ran = await policy(['lint', spec(fields)]);
      if (found) assert.match(ran.out, found);
      else assert.match(ran.out, /Nothing found/);
      assert.equal(ran.code, / error|^error/m.test(ran.out) ? 1 : 0);
    });
  }
});

describe('policy explain --effective and worst-case', () => {
  const of = (name: string, namespace: string) => [
    '-f',
    join(examples, name),
    '-n',
    namespace,
    '--as',
    'system:serviceaccount:ops:agent',
  ];

  it('show each value with the policy that it comes from, of limits the one that holds', async () => {
    const ran = await policy(['explain', '--effective', ...of('production-two-person', 'shop-production')]);
    assert.match(ran.out, /limits\.objects +3 +AgentPolicy\/production/);
    assert.match(ran.out, /identity\.refuseGroups +system:masters +ClusterAgentPolicy\/floor +identity\.refuseGroups\[0\]/);
    assert.match(ran.out, /limits\.objects +3 .*20 \(ClusterAgentPolicy\/floor\)/);
  });

  it('show what is kept of regulated data, and for how long', async () => {
    const ran = await policy(['explain', '--effective', ...of('regulated-data', 'payroll')]);
    for (const line of [
      /dataHandling\.prompts +Hashed +ClusterAgentPolicy\/floor/,
      /dataHandling\.logs +Redacted/,
      /retainFor +30d/,
      /requireSink +true/,
    ])
      assert.match(ran.out, line);
  });

  it('show the most harmful change that passes, and gate on it', async () => {
    const unattended = ['worst-case', ...of('staging-autonomy', 'shop-staging'), '--unattended'];
    assert.equal((await policy([...unattended, '--fail-above', 'Medium'])).code, 0);
    assert.equal((await policy([...unattended, '--fail-above', 'Low'])).code, 1);
    for (const [name, namespace] of [
      ['production-two-person', 'shop-production'],
      ['regulated-data', 'payroll'],
    ] as const)
      assert.equal((await policy(['worst-case', ...of(name, namespace), '--unattended', '--fail-above', 'None'])).code, 0);
    const staging = await policy(['worst-case', ...of('staging-autonomy', 'shop-staging'), '--fail-above', 'High']);
    assert.equal(staging.code, 1);
    assert.match(
      staging.out,
      /kubectl delete persistentvolumeclaims any -n shop-staging: risk Critical, 2 approvals from platform/,
    );
    const production = await policy(['worst-case', ...of('production-two-person', 'shop-production'), '--fail-above', 'High']);
    assert.equal(production.code, 0, production.out);
    const none = await policy(['worst-case', '-f', join(examples, 'read-only-agents'), '-n', 'shop', '--as', AGENT]);
    assert.match(none.out, /let no change through/);
  });
});
