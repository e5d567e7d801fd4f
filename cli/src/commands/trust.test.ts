import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { API_VERSION, annotations, type Playbook } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { ok, runAgainst } from '../../test/fake-cluster.ts';
import { assertGolden } from '../../test/golden.ts';
import { renderPlaybook } from '../print/playbook.ts';
import { painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

const spec = {
  category: 'Other',
  description: 'Set the image of a Deployment.\n\u001b[2KDIGEST  sha256:0000',
  parameters: [{ name: 'image', type: 'String', pattern: '^registry\\.acme\\.io/.*$', required: true, allowLeadingDash: false }],
  account: 'remediator',
  sandbox: { profile: 'Change', image: 'ghcr.io/acme/kubectl@sha256:1' },
  steps: [
    {
      name: 'set',
      command: ['sh', '-c', 'kubectl set image deployment/web "web=$IMAGE"'],
      env: [{ name: 'IMAGE', value: '$(params.image)' }],
    },
  ],
  verify: [{ name: 'ready', command: ['kubectl', 'rollout', 'status', 'deployment/web'] }],
  rollback: { from: 'PreImages' },
  autonomy: 'Approve',
} as unknown as Playbook['spec'];
const digest = playbookDigest({ spec });
const playbook: Playbook = {
  apiVersion: API_VERSION,
  kind: 'Playbook',
  metadata: {
    name: 'set-image',
    namespace: 'shop',
    uid: 'p',
    resourceVersion: '7',
    generation: 1,
    annotations: { [annotations.authors]: '{"user":"bob","groups":[]}' },
  },
  spec,
  status: { digest, observedGeneration: 1 },
};
const sealed = { ...playbook, metadata: { ...playbook.metadata, annotations: { [annotations.trust]: '{"seal":"x"}' } } };
const argv = ['trust', 'set-image', '--yes', '--digest', digest];

describe('trust', () => {
  it('shows the Playbook and asks for a seal on the digest of what was shown', async () => {
    const ran = await runAgainst(({ method }) => ok(method === 'PATCH' ? sealed : playbook), argv);
    assert.equal(ran.code, 0, ran.error);
    assertGolden('trust', ran.out.trimEnd());
    assert.deepEqual(JSON.parse(String(ran.requests.at(-1)?.body)), {
      metadata: { uid: 'p', annotations: { [annotations.trust]: digest } },
    });
  });

  it('is not given to whatever Playbook is current: --yes names the digest that was seen', async () => {
    for (const [more, answers, expected] of [
      [[], undefined, /stdin is not a terminal; pass --yes and --digest DIGEST/],
      [[], '', /--yes skips the question, so the digest of what you have seen is required: pass --digest DIGEST/],
      [['--digest', 'latest'], undefined, /--digest must be/],
      [
        ['--digest', `sha256:${'0'.repeat(64)}`],
        undefined,
        /is not the current one .*kubectl get playbook set-image -n shop -o yaml/,
      ],
      [['--digest', `sha256:${'0'.repeat(64)}`], 'y\n', /is not the current one/],
    ] as const) {
      const ran = await runAgainst(
        () => ok(playbook),
        ['trust', 'set-image', ...(answers === 'y\n' ? [] : ['--yes']), ...more],
        answers,
      );
      assert.equal(ran.code, /Flag|Confirmation/.test(ran.error) ? 2 : 1);
      assert.match(ran.error, expected);
      assert.ok(ran.requests.every(({ method }) => method === 'GET'));
    }
  });

  it('is asked for on a terminal', async () => {
    const serve = ({ method }: { method: string }) => ok(method === 'PATCH' ? sealed : playbook);
    assert.equal((await runAgainst(serve, ['trust', 'set-image'], 'y\n')).code, 0);
  });

  const refused: readonly [name: string, served: Playbook, expected: RegExp][] = [
    [
      'when the operator found another digest',
      { ...playbook, status: { digest: `sha256:${'0'.repeat(64)}`, observedGeneration: 1 } },
      /do not trust it/,
    ],
    ['when the operator has not looked yet', { ...playbook, status: {} }, /waiting for the operator to read this Playbook/],
  ];
  for (const [name, served, expected] of refused)
    it(`is refused ${name}`, async () => {
      const ran = await runAgainst(() => ok(served), argv);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
      assert.equal(ran.requests.length, 1);
    });

  it('shows everything that it covers: each text of the spec, scripts as text, and fields that it does not know', () => {
    const full = {
      ...spec,
      parameters: [
        {
          name: 'mode',
          type: 'String',
          description: 'How it goes.',
          enum: ['fast', 'slow'],
          default: 'fast',
          required: false,
          allowLeadingDash: true,
        },
        { name: 'count', type: 'Integer', required: true, min: 2, max: 5 },
      ],
      sandbox: { profile: 'Change', image: 'x@sha256:1', resources: { cpu: '250m', memory: '64Mi' }, runtimeClassName: 'gvisor' },
      steps: [
        {
          name: 'run',
          command: ['sh', '-c', `${Array.from({ length: 100 }, (_, at) => `echo line-${at}`).join('\n')}\nrm -rf /`],
        },
      ],
      verify: [{ name: 'check', command: ['kubectl', 'get', 'pods'], env: [{ name: 'WHERE', value: 'here' }] }],
      verifyAfter: '30s',
      expect: 'All is well.',
      rollback: { from: 'None', reason: 'It cannot be.' },
      results: [{ name: 'report', mediaType: 'text/markdown' }],
      risk: { floor: 'High' },
      autonomy: 'Auto',
      category: 'EnvironmentHealth',
      later: { unknown: 'field' },
    } as unknown as Playbook['spec'];
    const text = renderPlaybook({ ...playbook, spec: full }, digest, painter(false));
    const leaves = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(leaves)
        : typeof value === 'string'
          ? value.split('\n')
          : [];
    for (const leaf of leaves(full).map(visible)) assert.ok(text.includes(leaf), leaf);
    assert.match(
      text,
      / {2}mode: String, one of "fast", "slow", "fast" when it is not given, may begin with -\n {4}\| How it goes\.\n/,
    );
    assert.match(text, / {2}count: Integer, required, at least 2, at most 5\n/);
    assert.match(text, / {4}\| echo line-99\n {4}\| rm -rf \/\n/);
    assert.match(text, /OTHER FIELDS\n {2}later:\n {4}unknown: field\n/);
  });

  it('is not told as done when nothing sealed it', async () => {
    const lying = { ...playbook, metadata: { ...playbook.metadata, annotations: { [annotations.trust]: digest } } };
    const ran = await runAgainst(({ method }) => ok(method === 'PATCH' ? lying : playbook), argv);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /has no effect/);
  });
});

describe('distrust', () => {
  const trusted = { ...playbook, metadata: { ...playbook.metadata, annotations: { [annotations.trust]: '{"playbook":"p"}' } } };
  const withdrawn = {
    ...playbook,
    metadata: { ...playbook.metadata, annotations: { [annotations.trust]: '{"withdrawal":"p"}' } },
  };
  const action = (name: string, reason: string) => ({
    metadata: { name, namespace: 'shop' },
    spec: { playbookRef: { name: 'set-image' } },
    status: { conditions: [{ type: 'Succeeded', status: 'Unknown', reason, message: '' }] },
  });
  const list = { metadata: {}, items: [action('a', 'AwaitingApproval'), action('b', 'Running'), action('c', 'Succeeded')] };
  const serve =
    (book: Playbook, answer: Playbook) =>
    ({ method, path }: { method: string; path: string }) =>
      ok(method === 'PATCH' ? answer : path.includes('/agentactions') ? list : book);

  it('asks for a sealed withdrawal, and says what happens to actions that have not ended', async () => {
    const ran = await runAgainst(serve(trusted, withdrawn), ['distrust', 'set-image', '--yes']);
    assert.equal(ran.code, 0, ran.error);
    assert.deepEqual(ran.out.trimEnd().split('\n'), [
      "Where policy asks for trust, 2 actions of Playbook 'set-image' do not go on:",
      '  a   AwaitingApproval: is denied',
      '  b   Running: its next write is refused, and what it changed is rolled back where the plan says so',
      'playbook.sentinel.dev/set-image distrusted',
    ]);
    const sent = ran.requests.at(-1);
    assert.deepEqual(JSON.parse(String(sent?.body)), {
      metadata: { uid: 'p', annotations: { [annotations.trust]: `withdraw:${digest}` } },
    });
    assert.equal(sent?.query?.fieldManager, `distrust:${digest}`);
  });

  const refused: readonly [name: string, served: Playbook, answer: Playbook, expected: RegExp][] = [
    [
      'when nobody trusts it',
      { ...playbook, metadata: { ...playbook.metadata, annotations: {} } },
      withdrawn,
      /nothing to withdraw/,
    ],
    ['when the trust was withdrawn already', withdrawn, withdrawn, /withdrawn already/],
    ['when nothing sealed it', trusted, trusted, /did not seal it/],
  ];
  for (const [name, served, answer, expected] of refused)
    it(`is refused ${name}`, async () => {
      const ran = await runAgainst(serve(served, answer), ['distrust', 'set-image', '--yes']);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
    });
});
