import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { examples, file, floorOf, policy, policyOf } from '../../../test/offline.ts';
import { type Alone, alone, ask, HIGH, MEDIUM, OWN_STEPS, RULES } from './worst-case.fixture.ts';

describe('The worst that starts without a person', () => {
  const open: readonly [name: string, policies: string, worst: Partial<Alone>][] = [
    [
      'is a Playbook if no policy allows ad-hoc steps',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES),
      { way: 'Playbook', level: 'Medium', afterRuns: 2 },
    ],
    [
      'is ad-hoc steps if every policy allows them',
      floorOf(`${RULES}\n${MEDIUM}\n${OWN_STEPS}`) + policyOf(`${RULES}\n${OWN_STEPS}`),
      { way: 'OwnSteps', level: 'Medium', playbook: null },
    ],
    [
      'is High where policies let that, and stays below Critical',
      floorOf(`${RULES}\n${HIGH}\n${OWN_STEPS}`) + policyOf(`${RULES}\n${OWN_STEPS}`),
      { level: 'High', afterRuns: 0 },
    ],
    [
      'changes no more objects than limits let one action change',
      floorOf(`${RULES}\n${MEDIUM}\nlimits: {objects: 3}`) + policyOf(RULES),
      { objects: 3 },
    ],
    [
      "is found where rules name nothing but '*'",
      [floorOf, policyOf]
        .map((of) =>
          of(
            `modes: [Apply]\nkubernetes: [{apiGroups: ["*"], resources: ["*"], verbs: [patch, delete], decision: Allow}]\n${MEDIUM}`,
          ),
        )
        .join(''),
      { level: 'Medium', objects: 10 },
    ],
    [
      'is a label where no more is Low',
      floorOf(`${RULES}\napprovals: [{upToRisk: Low, autoReview: true}, {upToRisk: Critical}]`) + policyOf(RULES),
      { level: 'Low', way: 'Playbook' },
    ],
    [
      'is what the rules of the namespace leave of it',
      floorOf(`${RULES}\n${MEDIUM}`) +
        policyOf(
          'modes: [Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [patch], decision: Allow}]',
        ),
      {
        objects: 1,
        command:
          'kubectl patch deployments.apps web --type=merge -p {"spec":{"template":{"spec":{"containers":[{"name":"any","image":"example/app:other"}]}}}} -n shop',
      },
    ],
    [
      'uses only words that no rule about commands matches',
      floorOf(`${RULES}\n${MEDIUM}`) +
        policyOf(
          `${RULES.replace('[deployments, statefulsets, deployments/scale], verbs: ["*"]', '[deployments], verbs: [patch]')}\ncommands: [{prefix: [kubectl, set, image], decision: Allow}]`,
        ),
      {
        command: `kubectl set image deployments.apps ${Array.from({ length: 10 }, (_, at) => `any-${at + 1}`).join(' ')} *=example/app:other -n shop`,
      },
    ],
  ];
  for (const [name, policies, expected] of open)
    it(name, async () => {
      const { worst, why } = await alone(policies);
      assert.ok(worst, why.join());
      assert.partialDeepStrictEqual(worst, expected);
      assert.doesNotMatch(worst.command, /evil\.example/, 'an image from elsewhere always waits for a person');
      assert.ok(
        worst.letThroughBy.some((line) => /approvals\[0\]\.autoReview$/.test(line)),
        worst.letThroughBy.join(),
      );
      // It is what it says: an action that the API server takes, and that starts alone by the same policies.
      // A case takes objects for new ones, which adds to the score: one of several is left out for that.
      const effects = worst.effects.slice(0, Math.max(1, worst.effects.length - 1));
      const one = {
        name: 'x',
        as: 'ada',
        namespace: 'shop',
        action: worst.action.spec,
        effects,
        succeeded: worst.afterRuns + 1,
        expect: 'Allow',
      };
      const books = worst.playbook ? `${stringify(worst.playbook)}\n---\n` : '';
      const proven = await policy(['test', file(`${policies}${books}${stringify({ kind: 'PolicyTest', cases: [one] })}`)]);
      assert.equal(proven.code, 0, proven.error + proven.out);
    });

  const patching = (kind: string, more = '') =>
    [floorOf, policyOf]
      .map((of) => of(`modes: [Apply]\nkubernetes: [{${kind}, verbs: [patch], decision: Allow}]\n${HIGH}\n${more}`))
      .join('');
  const harmful: readonly [name: string, kind: string, worst: RegExp][] = [
    ['an owner that does not exist', 'apiGroups: [""], resources: [persistentvolumeclaims]', /Critical.*ownerReferences/],
    ['NetworkPolicies of a network plugin', 'apiGroups: [cilium.io], resources: ["*"]', /High.*ciliumnetworkpolicies/],
  ];
  for (const [name, kind, worst] of harmful)
    it(`counts ${name} among what passes with people`, async () => {
      const { code, out } = await ask(patching(kind), '-o', 'json');
      assert.equal(code, 0);
      const { worst: passing } = JSON.parse(out) as { worst: { risk: string; command: string } };
      assert.match(`${passing.risk} ${passing.command}`, worst);
    });
  const alwaysAsked: readonly [name: string, kind: string][] = [
    ['another command', 'apiGroups: [apps], resources: [deployments, statefulsets, daemonsets]'],
    ['another selector of a Service', 'apiGroups: [""], resources: [services]'],
    ['an owner that does not exist', 'apiGroups: [""], resources: [persistentvolumeclaims, configmaps]'],
  ];
  for (const [name, kind] of alwaysAsked)
    it(`is never ${name}`, async () => {
      const { worst } = await alone(patching(kind));
      assert.doesNotMatch(worst?.command ?? '', /ownerReferences|whenScaled|selector|"command"/);
    });
  it('is a suspension or a smaller bound of an autoscaler where High starts alone', async () => {
    for (const [kind, command] of [
      ['apiGroups: [batch], resources: [cronjobs]', /"suspend":true/],
      ['apiGroups: [autoscaling], resources: [horizontalpodautoscalers]', /"maxReplicas":1/],
    ] as const) {
      const { worst, why } = await alone(patching(kind, 'limits: {objects: 1}'));
      assert.match(worst?.command ?? why.join(), command);
      assert.equal(worst?.level, 'High');
    }
  });

  const closed: readonly [name: string, policies: string, why: RegExp][] = [
    [
      'no policy lets anything',
      floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + policyOf(RULES),
      /no policy says `autoReview`/,
    ],
    [
      'rules let workloads be made alone, each with an image from elsewhere',
      [floorOf, policyOf]
        .map((of) =>
          of(
            `modes: [Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [create], decision: Allow}]\n${MEDIUM}`,
          ),
        )
        .join(''),
      /create deployments 'any': an image from where it had none: evil\.example\/x/,
    ],
    [
      'another policy requires approval by a person',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf(`${RULES}\napprovals: [{upToRisk: Critical}]`),
      /AgentPolicy\/shop requires approval by a person for the risk/,
    ],
    [
      'rules require approval for every change',
      floorOf(`${RULES.replace('Allow', 'RequireApproval')}\n${MEDIUM}`) + policyOf(RULES),
      /needs a person by the rules about the Kubernetes API/,
    ],
    [
      'there is nothing but rehearsals',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf('modes: [DryRun]'),
      /AgentPolicy\/shop does not allow the mode Apply/,
    ],
    [
      'the kill switch is on',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf('modes: [Apply]\nsuspended: true'),
      /AgentPolicy\/shop is suspended/,
    ],
    ['there is no policy', floorOf(`${RULES}\n${MEDIUM}`), /no AgentPolicy in namespace 'shop'/],
  ];
  for (const [name, policies, why] of closed)
    it(`is nothing where ${name}, and that is said`, async () => {
      const { worst, why: said } = await alone(policies);
      assert.equal(worst, null);
      assert.match(said.join('; '), why);
      assert.match((await ask(policies)).out, /^without a person: nothing starts: /);
    });

  const commands = (...rules: string[]) => `\ncommands: [${rules.join(', ')}]`;
  const allow = (prefix: string) => `{prefix: [${prefix}], decision: Allow}`;
  const single: readonly [prefix: string, command: RegExp][] = [
    ['kubectl, rollout, restart', /^kubectl rollout restart statefulsets\.apps any-1 /],
    ['kubectl, rollout', /^kubectl rollout restart /],
    ['kubectl, scale', /^kubectl scale statefulsets\.apps any-1 .*--replicas=2/],
    ['kubectl, patch, deployment', /^kubectl patch deployment any-1 .*example\/app:other/],
    ['kubectl, patch, deploy/web', /^kubectl patch deploy\/web --type=merge/],
    ['kubectl, "annotate|label", deployment', /^kubectl annotate deployment any-1 /],
    ['kubectl, "get|label", deployment', /^kubectl label deployment any-1 /],
    ['helm, upgrade', /^helm upgrade$/],
    ['python3, ./tool.py', /^python3 \.\/tool\.py$/],
    ['python3', /^python3 \.\/any$/],
  ];
  for (const [prefix, command] of single)
    it(`is found where the one command that rules allow is [${prefix}]`, async () => {
      const own = policyOf(`${RULES}${commands(allow(prefix))}`);
      const { worst, why } = await alone(floorOf(`${RULES}\n${MEDIUM}`) + own);
      assert.match(worst?.command ?? why.join(), command);
      const gate = await ask(floorOf(`${RULES}\n${MEDIUM}`) + own, '--unattended', '--fail-above', 'None');
      assert.equal(gate.code, 1, gate.out);
    });

  const unsure: readonly [name: string, rules: string, code: number][] = [
    ['fails where no command line that was tried passes', commands(allow('bash, ./x.sh'), '{prefix: [bash], decision: Deny}'), 1],
    ['passes where rules allow no more than reads', commands(allow('kubectl, "get|describe"'), allow('cat')), 0],
    ['passes where rules allow no command', commands('{prefix: [kubectl, delete], decision: Deny}'), 0],
  ];
  for (const [name, rules, code] of unsure)
    it(`is a gate that ${name}`, async () => {
      const ran = await ask(floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES + rules), '--unattended', '--fail-above', 'Critical');
      assert.equal(ran.code, code, ran.out);
      if (code === 1) assert.match(ran.out, /no command line that was tried passes, and rules allow others/);
      else assert.match(ran.out, /nothing starts/);
    });

  const gates: readonly [name: string, policies: string, argv: readonly string[], code: number][] = [
    [
      'passes what is at the bound',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES),
      ['--unattended', '--fail-above', 'Medium'],
      0,
    ],
    ['fails above it', floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES), ['--unattended', '--fail-above', 'Low'], 1],
    [
      'fails by anything above None',
      floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES),
      ['--unattended', '--fail-above', 'None'],
      1,
    ],
    [
      'passes if nothing can start',
      floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + policyOf(RULES),
      ['--unattended', '--fail-above', 'None'],
      0,
    ],
    ['looks at what people let through as well', floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES), ['--fail-above', 'High'], 1],
  ];
  for (const [name, policies, argv, code] of gates)
    it(`is a gate that ${name}`, async () => {
      const ran = await ask(policies, ...argv);
      assert.equal(ran.code, code, ran.out + ran.error);
    });

  const unspoken: readonly [name: string, files: string, argv: readonly string[], message: RegExp][] = [
    ['a namespace that no file names', policyOf(RULES), ['-n', 'shpo'], /no AgentPolicy in namespace 'shpo'/],
    [
      'a user to whom no policy applies',
      policyOf(`${RULES}\nsubjects: [{kind: ServiceAccount, name: bot}]`),
      ['-n', 'shop', '--as', 'system:serviceaccount:shop:bto'],
      /no AgentPolicy in namespace 'shop' applies to 'system:serviceaccount:shop:bto'/,
    ],
    [
      'a namespace that has not opted in',
      `${policyOf(RULES)}apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n`,
      ['-n', 'shop'],
      /namespace 'shop' has not opted in/,
    ],
    [
      'one of several namespaces, and does not say which',
      policyOf(RULES) + policyOf(RULES).replace('namespace: shop', 'namespace: staging'),
      [],
      /-n is required: the files hold shop, staging/,
    ],
  ];
  for (const [name, files, argv, message] of unspoken)
    it(`is no gate, and ends with 2, when it is asked about ${name}`, async () => {
      const where = file(floorOf(`${RULES}\n${MEDIUM}`) + files);
      for (const gate of [
        ['--unattended', '--fail-above', 'None'],
        ['--fail-above', 'Critical'],
      ]) {
        const ran = await policy(['worst-case', '-f', where, '--as', 'ada', ...argv, ...gate]);
        assert.equal(ran.code, 2, ran.out);
        assert.match(ran.error, message);
      }
    });

  it('prints a Playbook that waits for people where they are asked', async () => {
    const ran = await ask(floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + policyOf(RULES));
    assert.match(ran.out, /1 approval/);
    assert.match(ran.out, /description: A change that people approve\.[\s\S]*autonomy: Approve/);
    const open = await ask(floorOf(`${RULES}\n${MEDIUM}`) + policyOf(RULES));
    assert.match(open.out, /description: A change that starts without a person\.[\s\S]*autonomy: Auto/);
  });

  it('prints an action that passes as a file, with the Playbook that it needs', async () => {
    const ran = await policy(['worst-case', '-f', `${examples}/staging-autonomy`, '--as', 'system:serviceaccount:ops:agent']);
    const yaml = ran.out.slice(ran.out.indexOf('apiVersion:'));
    const cases = 'kind: PolicyTest\ncases: [{name: x, as: ada, namespace: shop-staging, host: a.io, expect: Deny}]\n';
    assert.equal((await policy(['test', file(`${yaml}\n---\n${cases}`)])).code, 0);
    assert.match(yaml, /kind: AgentAction[\s\S]*---[\s\S]*kind: Playbook/);
  });
});
