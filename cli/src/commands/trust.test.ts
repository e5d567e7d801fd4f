import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { API_VERSION, annotations, type Playbook } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { ok, runAgainst } from '../../test/fake-cluster.ts';
import { assertGolden } from '../../test/golden.ts';

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
    annotations: { [annotations.author]: '{"user":"bob","groups":[]}' },
  },
  spec,
  status: { digest, observedGeneration: 1 },
};
const sealed = { ...playbook, metadata: { ...playbook.metadata, annotations: { [annotations.trust]: '{"seal":"x"}' } } };
const argv = ['trust', 'set-image', '--yes'];

describe('trust', () => {
  it('shows the Playbook and asks for a seal on the digest of what was shown', async () => {
    const ran = await runAgainst(({ method }) => ok(method === 'PATCH' ? sealed : playbook), argv);
    assert.equal(ran.code, 0, ran.error);
    assertGolden('trust', ran.out.trimEnd());
    assert.deepEqual(JSON.parse(String(ran.requests.at(-1)?.body)), {
      metadata: { uid: 'p', resourceVersion: '7', annotations: { [annotations.trust]: digest } },
    });
  });

  const refused: readonly [name: string, served: Playbook, expected: RegExp][] = [
    [
      'when the operator found another digest',
      { ...playbook, status: { digest: `sha256:${'0'.repeat(64)}`, observedGeneration: 1 } },
      /do not trust it/,
    ],
    ['when the operator has not looked yet', { ...playbook, status: {} }, /has not looked at this Playbook yet/],
  ];
  for (const [name, served, expected] of refused)
    it(`is refused ${name}`, async () => {
      const ran = await runAgainst(() => ok(served), argv);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
      assert.equal(ran.requests.length, 1);
    });

  it('is not told as done when nothing sealed it', async () => {
    const lying = { ...playbook, metadata: { ...playbook.metadata, annotations: { [annotations.trust]: digest } } };
    const ran = await runAgainst(({ method }) => ok(method === 'PATCH' ? lying : playbook), argv);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /counts for nothing/);
  });
});
