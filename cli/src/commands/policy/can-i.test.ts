import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { examples, file, floorOf, policy, policyOf } from '../../../test/offline.ts';
import { BOT, digest, FROZEN, POLICIES } from './can-i.fixture.ts';

describe('policy can-i', () => {
  const rows: readonly [name: string, argv: readonly string[], code: number, out: RegExp][] = [
    ['a plain command is no script', ['--', 'kubectl', 'get', 'pods'], 0, /^yes/],
    [
      'a command keeps its options',
      ['--', 'kubectl', 'get', 'pods', '-n', 'other'],
      0,
      /'kubectl get pods -n other'|no policy has rules/,
    ],
    ['a read is done without people', ['--api', 'list pods'], 0, /kubernetes\[0\]/],
    [
      'a change waits for people, whatever a rule allows',
      ['--api', 'patch deployments.apps/web'],
      3,
      /needs: 1 approval from devs, good for 4h/,
    ],
    ['a delete takes those of its risk', ['--api', 'delete deployments.apps/web'], 3, /risk High waits for 2 approvals from sre/],
    [
      'a change that is only rehearsed waits for nobody',
      ['--mode', 'DryRun', '--api', 'patch deployments.apps/web'],
      0,
      /a DryRun ends with its plan/,
    ],
    [
      'a rehearsal of what is denied is denied',
      ['--mode', 'DryRun', '--api', 'delete configmaps/data'],
      1,
      /no entry of `approvals`/,
    ],
    ['no entry covers the risk', ['--api', 'delete configmaps/data'], 1, /no entry of `approvals` covers the risk 'Critical'/],
    [
      'subresources stand before or behind the group',
      ['--api', 'patch deployments/scale.apps/web'],
      3,
      /patch deployments\/scale is allowed|waits for 1/,
    ],
    ['kinds of others are theirs', ['--api', 'get pods.metrics.k8s.io'], 0, /^yes/],
    ['and behind the name', ['--api', 'get pods/web/log'], 0, /get pods\/log/],
    ['another namespace is out of reach', ['-n', 'other', '--api', 'get pods'], 1, /no AgentPolicy in namespace 'other'/],
    [
      'what belongs to the cluster is out of reach of any rule with *',
      ['--api', 'get nodes'],
      1,
      /in the whole cluster is denied/,
    ],
    ['so is a list over all namespaces', ['--cluster-wide', '--api', 'list pods'], 1, /in the whole cluster is denied/],
    ['a command without rules', ['--', 'curl', 'https://a.io'], 0, /no policy has rules about commands/],
    ['a host that is allowed', ['--host', 'API.acme.io.'], 0, /network\.allow\[0\]/],
    ['a host that is not known', ['--host', 'b.acme.io'], 3, /unfamiliar/],
    [
      'an image by tag',
      ['--image', 'registry.acme.io/a:1'],
      1,
      /images registry\.acme\.io\/\*: images\.allow.*\n.*images that end with @sha256/,
    ],
    ['an image by digest', ['--image', `registry.acme.io/a${digest}`], 0, /^yes/],
    ['a tool', ['--tool', 'https://mcp.acme.io', 'read'], 0, /^yes/],
    [
      'a tool that is not in a list',
      ['--tool', 'https://mcp.acme.io', 'write'],
      1,
      /allowed is:\n +read of https:\/\/mcp\.acme\.io/,
    ],
    ['a model', ['--model-endpoint', 'https://Models.acme.io:443/v1/', '--model', 'large'], 0, /modelEndpoint\.models\[1\]/],
    [
      'a model that is not in a list',
      ['--model-endpoint', 'https://models.acme.io/v1', '--model', 'huge'],
      1,
      /allowed is:\n +models small, large at https:\/\/models\.acme\.io\/v1: modelEndpoint/,
    ],
    [
      'an endpoint without a model',
      ['--model-endpoint', 'https://models.acme.io/v1'],
      1,
      /no model is named for .*: small, large/,
    ],
    ['another endpoint', ['--model-endpoint', 'https://evil.io/v1', '--model', 'large'], 1, /is not allowed; allowed: https/],
    ['a file', ['--file', 'read app/.env'], 1, /files\.denyRead\[0\]/],
    ['a repository', ['--repository', 'git@github.com:acme/web.git'], 0, /^yes/],
    ['a time without freeze', ['--at', '2026-03-07T10:00:00Z', '--api', 'list pods'], 0, /^yes/],
  ];
  for (const [name, argv, code, out] of rows)
    it(name, async () => {
      const ran = await policy(['can-i', ...BOT, ...argv]);
      assert.equal(ran.code, code, ran.out + ran.error);
      assert.match(ran.out, out);
    });

  it('counts groups of --group and --as-group, and those that every ServiceAccount has', async () => {
    for (const flag of ['--group', '--as-group'])
      assert.equal((await policy(['can-i', '-f', POLICIES, '--as', 'ada', flag, 'agents', '--host', 'api.acme.io'])).code, 0);
    assert.equal((await policy(['can-i', '-f', POLICIES, '--as', 'ada', '--host', 'api.acme.io'])).code, 1);
    const everyone = file(
      floorOf('network: {allow: [a.acme.io]}') + policyOf('subjects: [{kind: Group, name: "system:serviceaccounts:shop"}]'),
    );
    assert.equal(
      (await policy(['can-i', '-f', everyone, '--as', 'system:serviceaccount:shop:x', '--host', 'a.acme.io'])).code,
      0,
    );
  });

  const unspoken: readonly [argv: readonly string[], message: RegExp][] = [
    [
      ['--as', 'shop:bot'],
      /no AgentPolicy in namespace 'shop' applies to 'shop:bot': .* other subjects.*; is 'system:serviceaccount:shop:bot' meant\?/,
    ],
    [['--as', 'oidc:ada'], /applies to 'oidc:ada': existing policies match other subjects or are audit-only \(/],
    [['--as', 'shop:bot', '-n', 'other'], /no AgentPolicy in namespace 'other' applies to 'shop:bot': there is none \(/],
  ];
  for (const [argv, message] of unspoken)
    it(`says why no policy applies: ${argv.join(' ')}`, async () => {
      const ran = await policy(['can-i', '-f', POLICIES, ...argv, '--host', 'api.acme.io']);
      assert.equal(ran.code, 1, ran.error);
      assert.match(ran.out, message);
    });

  const wrong: readonly [name: string, argv: readonly string[], message: RegExp][] = [
    ['nobody', ['-f', POLICIES, '--host', 'a.io'], /--as is required/],
    ['nothing', BOT, /ask one thing/],
    ['two things', [...BOT, '--host', 'a.io', '--', 'ls'], /ask one thing/],
    ['a request without a resource', [...BOT, '--api', 'get'], /--api takes 'VERB RESOURCE\.GROUP\/NAME'/],
    ['a verb that there is not', [...BOT, '--api', 'remove pods/web'], /api: there is no verb 'remove'; verbs are get, list/],
    ['a verb in capitals', [...BOT, '--api', 'PATCH pods/web'], /there is no verb 'PATCH'/],
    ['a resource without its group', [...BOT, '--api', 'delete deployments/web'], /api: `deployments` are of the group 'apps'/],
    ['a resource with another group', [...BOT, '--api', 'delete deployments.batch/web'], /`deployments` are of the group 'apps'/],
    ['a group that there is not', [...BOT, '--api', 'delete deployments.app/web'], /`deployments` are of the group 'apps'/],
    [
      'a resource in the singular',
      [...BOT, '--api', 'delete deployment.apps/web'],
      /there is no resource 'deployment': `deployments` are of the group 'apps'/,
    ],
    ['a short name', [...BOT, '--api', 'delete cm/web'], /`configmaps` are of the core group/],
    ['what nothing serves', [...BOT, '--api', 'delete widgets/web'], /the core group has no 'widgets'/],
    [
      'a command without --, of which it would take the options',
      [...BOT, 'kubectl', 'get', 'pods', '-n', 'other'],
      /put the command after `--`: can-i \[options\] -- kubectl get pods/,
    ],
    ['a command with -- of its own alone', [...BOT, 'kubectl', 'exec', 'x', '--', 'sh'], /put the command after `--`/],
    ['half of a tool', [...BOT, '--tool', 'https://mcp.acme.io'], /--tool takes the server and the tool/],
    ['a model without its endpoint', [...BOT, '--model', 'x'], /--model needs the endpoint too/],
    ['a file without access', [...BOT, '--file', 'app/.env'], /--file takes 'read PATH' or 'write PATH'/],
    ['a time that is not valid', [...BOT, '--at', 'tomorrow', '--host', 'a.io'], /at: Invalid ISO datetime/],
    ['a mode that does not exist', [...BOT, '--mode', 'Force', '--host', 'a.io'], /mode: Invalid option/],
    [
      'a batch and a request',
      [...BOT, '--batch', '--api', 'get pods'],
      /--batch reads its questions from stdin: leave out --api/,
    ],
    ['a batch and a command', [...BOT, '--batch', '--', 'ls'], /leave out a command/],
    ['a batch in YAML', [...BOT, '--batch', '-o', 'yaml'], /one JSON a line: leave out -o yaml/],
    ['a batch at a time that is not valid', [...BOT, '--batch', '--at', 'tomorrow'], /at: Invalid ISO datetime/],
    ['a format that does not exist', [...BOT, '-o', 'xml', '--host', 'a.io'], /there is no output format 'xml'/],
  ];
  for (const [name, argv, message] of wrong)
    it(`ends with 2 and without an answer when it is asked ${name}`, async () => {
      const ran = await policy(['can-i', ...argv]);
      assert.equal(ran.code, 2, ran.out);
      assert.match(ran.error, message);
      assert.equal(ran.out, '');
    });

  it('tells programs each command, what decided, what is allowed instead, and who must approve', async () => {
    const deny = ['-f', `${examples}/read-only-agents`, '--as', 'system:serviceaccount:shop:triage-agent', '-o', 'json'];
    const denied = JSON.parse(
      (await policy(['can-i', ...deny, '--', 'sh', '-c', 'kubectl get pods | xargs kubectl delete'])).out,
    ) as Record<string, unknown>;
    assert.deepEqual(denied.commands, [
      { command: 'kubectl get pods', decision: 'Allow' },
      { command: 'kubectl delete ⟨its input⟩', decision: 'Deny' },
    ]);
    assert.deepEqual(denied.allowed, ['kubectl get|describe|logs|top|explain …: commands[0] (ClusterAgentPolicy/read-only)']);
    const waits = JSON.parse(
      (await policy(['can-i', ...BOT, '-o', 'json', '--api', 'patch deployments.apps/web'])).out,
    ) as Record<string, unknown>;
    assert.deepEqual(waits.needs, { risk: 'Medium', approvals: 1, groups: ['devs'], expiresAfter: '4h' });
  });

  it('names the code of a refusal for programs, and none of what is allowed', async () => {
    const policies = file(
      floorOf(
        'images: {allow: ["registry.acme.io/**"]}\ncommands: [{prefix: [kubectl, delete], decision: Deny}]\nfiles: {denyRead: ["**/.env"]}',
      ) + policyOf('subjects: [{kind: Group, name: agents}]'),
    );
    const codes = async (...question: string[]) => {
      const ran = await policy(['can-i', '-f', policies, '--as', 'ada', '--group', 'agents', '-o', 'json', ...question]);
      const { because } = JSON.parse(ran.out) as { because: { decision: string; code?: string }[] };
      return because.flatMap(({ decision, code }) => (decision === 'Deny' || code !== undefined ? [code] : []));
    };
    assert.deepEqual(await codes('--image', 'docker.io/evil'), ['ImageNotAllowed']);
    assert.deepEqual(await codes('--image', 'registry.acme.io/a'), []);
    assert.deepEqual(await codes('--file', 'read a/.env'), ['FileNotAllowed']);
    assert.deepEqual(await codes('--api', 'get secrets/a'), ['ResourceProtected']);
    assert.deepEqual(await codes('--', 'kubectl', 'delete', 'pod', 'x'), ['CommandDenied']);
  });

  it('says by which policies, and a changed one has another digest', async () => {
    const asked = async (rule: string) => {
      const policies = file(floorOf(`network: {allow: [${rule}]}`) + policyOf('subjects: [{kind: Group, name: agents}]'));
      const argv = ['-f', policies, '--as', 'ada', '--group', 'agents', '-o', 'json', '--host', 'a.acme.io'];
      return (JSON.parse((await policy(['can-i', ...argv])).out) as { policies: { policy: string; digest: string }[] }).policies;
    };
    const [before, same, after] = [await asked('a.acme.io'), await asked('a.acme.io'), await asked('b.acme.io')];
    assert.deepEqual(
      before.map((one) => one.policy),
      ['AgentPolicy/shop', 'ClusterAgentPolicy/floor'],
    );
    assert.deepEqual(before, same);
    assert.equal(before[0]?.digest, after[0]?.digest);
    assert.notEqual(before[1]?.digest, after[1]?.digest);
  });

  it('does not guess which of several namespaces is meant', async () => {
    const files = ['-f', POLICIES, '-f', file(policyOf('modes: [Apply]').replace('namespace: shop', 'namespace: staging'))];
    for (const argv of [
      ['can-i', '--host', 'api.acme.io'],
      ['explain', '--effective'],
    ]) {
      const ran = await policy([...argv, ...files, '--as', 'ada']);
      assert.equal(ran.code, 2, ran.out);
      assert.match(ran.error, /-n is required: the files hold shop, staging/);
    }
    const lines = ['{"host":"api.acme.io"}', '{"host":"api.acme.io","namespace":"staging"}'];
    const { out } = await policy(['can-i', ...files, '--as', 'ada', '--batch'], lines.join('\n'));
    assert.match(out, /^\{"error":"-n or `namespace` is required.*\n\{"decision":"Allow"/);
    assert.doesNotMatch((await policy(['lint', ...files])).error, /namespace/);
  });

  it('sees a freeze for commands that do more than read', async () => {
    const asked = async (at: string, ...command: string[]) =>
      await policy(['can-i', ...BOT, ...FROZEN, '--at', at, '--', ...command]);
    const restart = await asked('2026-03-07T12:00:00Z', 'kubectl', 'rollout', 'restart', 'deployment/web');
    assert.equal(restart.code, 1, restart.out);
    assert.match(restart.out, /no real run starts until 2026-03-09T00:00:00.000Z: Weekend/);
    assert.equal((await asked('2026-03-11T12:00:00Z', 'kubectl', 'rollout', 'restart', 'deployment/web')).code, 0);
    assert.equal((await asked('2026-03-07T12:00:00Z', 'kubectl', 'get', 'pods')).code, 0);
  });

  it('answers each line of a batch as the same question alone', async () => {
    const patch = '{"api":{"verb":"patch","apiGroup":"apps","resource":"deployments","name":"web"}}';
    for (const flags of [[], ['--at', '2026-03-07T12:00:00Z'], ['--at', '2026-03-07T12:00:00Z', '--mode', 'DryRun']]) {
      const argv = ['can-i', ...BOT, ...FROZEN, ...flags];
      const one = await policy([...argv, '-o', 'json', '--api', 'patch deployments.apps/web']);
      const { decision } = JSON.parse((await policy([...argv, '--batch'], patch)).out) as { decision: string };
      assert.equal(decision, (JSON.parse(one.out) as { decision: string }).decision, flags.join(' '));
      assert.equal(decision === 'Deny', flags.length === 2);
    }
    const own = `${patch.slice(0, -1)},"at":"2026-03-11T12:00:00Z"}`;
    const said = await policy(['can-i', ...BOT, ...FROZEN, '--at', '2026-03-07T12:00:00Z', '--batch'], own);
    assert.match(said.out, /"decision":"RequireApproval"/);
  });

  it('answers a batch with the flags for what a line leaves out, and gives back its id', async () => {
    const lines = [
      '{"id":1,"host":"api.acme.io"}',
      '{"id":"b","as":{"user":"ada","groups":["agents"]},"namespace":"shop","host":"api.acme.io"}',
      '{"as":"ada","namespace":"shop","host":"api.acme.io"}',
      '{"id":4,"host":"a","image":"b"}',
      '{"id":5,"hots":"a"}',
      '[1]',
      'null',
      '',
      '{"id":8,"host":"\\u202egpj"}',
    ];
    const ran = await policy(['can-i', ...BOT, '--batch'], lines.join('\r\n'));
    assert.equal(ran.code, 0);
    assert.doesNotMatch(ran.out, /\u202e/);
    const answers = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id?: unknown; decision?: string; error?: string });
    assert.deepEqual(
      answers.map(({ id, decision }) => [id, decision]),
      [
        [1, 'Allow'],
        ['b', 'Allow'],
        [undefined, 'Deny'],
        [4, undefined],
        [5, undefined],
        [undefined, undefined],
        [undefined, undefined],
        [8, 'Deny'],
      ],
    );
    assert.match(answers[3]?.error ?? '', /must ask one of .*not host and image/);
    assert.match(answers[4]?.error ?? '', /hots/);
  });
});
