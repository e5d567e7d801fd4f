import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { guardErrors } from '@sentinel/policy';
import { refusal, runAgainst } from '../../../test/fake-cluster.ts';
import { NOW } from '../../../test/fixtures.ts';
import { assertGolden } from '../../../test/golden.ts';
import { painter } from '../../terminal/paint.ts';
import { CLIENT_VERSION } from '../../version.ts';
import { checks } from './checks.ts';
import { renderChecks } from './doctor.ts';
import type { Facts } from './read-facts.ts';

// A self-signed certificate for tests; it ends on 2126-11-05.
const CA = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUMzkvLkmo6mYfYK2dx+j7CM76R/MwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjkxNzU1MjdaGA8yMTI2MTEwNTE3NTUy
N1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOWZ
fQVsDmxsKPc2kTbwR1nJDWAWhEpMYg1nLNm5tmM9U9aO9Rnp0OnRsqcLKRFTvjTH
AMGipSWvPIek5RIJYNijUzBRMB0GA1UdDgQWBBQi5SkU6c4BBiLfSTAQhTZKWFIW
ZzAfBgNVHSMEGDAWgBQi5SkU6c4BBiLfSTAQhTZKWFIWZzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIF1LBjBk/WmxQ33TAfNOC7ME7pTEWeyqB6GM
yfsDEhqTAiEAmmAN/y13W7U++Jt+HUNgEEzecrNPEwZ6gzfWPhAWSzE=
-----END CERTIFICATE-----
`;
const bundle = Buffer.from(CA).toString('base64');
const guards = Object.values(guardErrors).map(({ policy }) => policy);
const object = (kind: string, name: string, more: object = {}): AnyObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...more,
});
const deployment = (name: string, ready: number, version = CLIENT_VERSION): AnyObject => ({
  ...object('Deployment', name, { spec: { replicas: 2 }, status: { readyReplicas: ready } }),
  metadata: { name, labels: { 'app.kubernetes.io/version': version } },
});
const hook = (name: string, failurePolicy: string) => ({ name, failurePolicy, clientConfig: { caBundle: bundle } });

const sound: Facts = {
  namespace: 'shop',
  now: NOW,
  server: { value: { gitVersion: 'v1.36.2', date: NOW - 400, tookMs: 12 } },
  kinds: { value: kinds.map(({ plural }) => plural) },
  deployments: { value: ['operator', 'webhook', 'gateway'].map((name) => deployment(`sentinel-${name}`, 2)) },
  lease: {
    value: object('Lease', 'sentinel-operator', {
      spec: { holderIdentity: 'operator-1', renewTime: new Date(NOW - 5_000).toISOString() },
    }),
  },
  webhooks: {
    value: [
      object('MutatingWebhookConfiguration', 'sentinel', { webhooks: [hook('actions.sentinel.dev', 'Fail')] }),
      object('ValidatingWebhookConfiguration', 'sentinel', {
        webhooks: [hook('policies.sentinel.dev', 'Ignore'), hook('decisions.sentinel.dev', 'Fail')],
      }),
    ],
  },
  guards: { value: guards.map((name) => object('ValidatingAdmissionPolicy', name, { spec: { failurePolicy: 'Fail' } })) },
  bindings: {
    value: guards.map((name) =>
      object('ValidatingAdmissionPolicyBinding', name, { spec: { policyName: name, validationActions: ['Deny'] } }),
    ),
  },
  networkPolicies: { value: ['sentinel-default-deny', 'sentinel-sandbox-egress'].map((name) => object('NetworkPolicy', name)) },
  gatewayCa: { value: object('ConfigMap', 'sentinel-gateway-ca', { data: { 'ca.crt': CA } }) },
  evidence: {
    value: object('APIService', 'v1alpha1.evidence.sentinel.dev', {
      spec: { caBundle: bundle },
      status: { conditions: [{ type: 'Available', status: 'True' }] },
    }),
  },
  place: {
    value: {
      ...object('Namespace', 'shop'),
      metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true', 'sentinel.dev/environment': 'staging' } },
    },
  },
  floors: { value: [object('ClusterAgentPolicy', 'floor', { spec: {} })] },
  policies: { value: [object('AgentPolicy', 'shop', { spec: {} })] },
  rights: [
    { name: 'create actions', held: false },
    { name: 'approve', held: true },
  ],
};

const broken: Facts = {
  ...sound,
  server: { value: { gitVersion: 'v1.29.0', date: NOW - 90_000, tookMs: 900 } },
  kinds: { value: ['agentactions'] },
  deployments: {
    value: [deployment('sentinel-operator', 0, '0.9.0'), deployment('sentinel-webhook', 2), deployment('sentinel-gateway', 1)],
  },
  lease: {
    value: object('Lease', 'sentinel-operator', {
      spec: { holderIdentity: 'operator-1', renewTime: new Date(NOW - 600_000).toISOString() },
    }),
  },
  webhooks: {
    value: [
      object('MutatingWebhookConfiguration', 'sentinel', { webhooks: [hook('actions.sentinel.dev', 'Ignore')] }),
      object('x', 'y'),
    ],
  },
  guards: { value: guards.slice(1).map((name) => object('ValidatingAdmissionPolicy', name, { spec: {} })) },
  bindings: { value: guards.map((name) => object('x', name, { spec: { policyName: name, validationActions: ['Audit'] } })) },
  networkPolicies: { value: [] },
  evidence: { value: null },
  place: { value: object('Namespace', 'shop') },
  floors: { value: [] },
  policies: { value: [object('AgentPolicy', 'shop', { spec: { suspended: true } })] },
  rights: [{ name: 'approve', held: false }],
};

const unread = { unread: 'you may not read it' };
const verdicts = (facts: Facts) => Object.fromEntries(checks(facts).map(({ name, verdict }) => [name, verdict]));

describe('doctor', () => {
  it('finds nothing wrong with a sound installation', () => {
    assertGolden('doctor', renderChecks(checks(sound), painter(false)));
    assert.ok(checks(sound).every(({ verdict, next }) => verdict === 'ok' && next === undefined));
  });

  it('says of each fault what to do', () => {
    assertGolden('doctor-broken', renderChecks(checks(broken), painter(false)));
    for (const { verdict, next, name } of checks(broken)) if (verdict !== 'ok') assert.ok(next, name);
  });

  it('does not take what it may not read for sound', () => {
    const facts = {
      ...sound,
      deployments: unread,
      lease: unread,
      webhooks: unread,
      guards: unread,
      bindings: unread,
      gatewayCa: unread,
      evidence: unread,
    };
    const found = verdicts(facts);
    for (const name of [
      'programs',
      'versions',
      'leader',
      'webhook',
      'guards',
      'guard bindings',
      'certificates',
      'evidence store',
    ])
      assert.equal(found[name], 'skip', name);
    assert.equal(found.network, 'ok');
  });

  const faults: readonly [what: string, change: Partial<Facts>, name: string, verdict: string][] = [
    ['a certificate that ended', { now: Date.parse('2127-01-01') }, 'certificates', 'fail'],
    ['a certificate that ends in days', { now: Date.parse('2126-11-02') }, 'certificates', 'warn'],
    ['a clock that is wrong', { now: NOW + 60_000 }, 'clock', 'warn'],
    ['no namespace', { place: { value: null } }, 'namespace', 'fail'],
    [
      'policies for audit only',
      { policies: { value: [object('AgentPolicy', 'x', { spec: { auditOnly: true } })] } },
      'policies',
      'fail',
    ],
    [
      'an invalid policy',
      {
        policies: {
          value: [object('AgentPolicy', 'x', { spec: {}, status: { conditions: [{ type: 'Ready', status: 'False' }] } })],
        },
      },
      'policies',
      'fail',
    ],
    [
      'another minor version',
      { deployments: { value: ['operator', 'webhook', 'gateway'].map((n) => deployment(`sentinel-${n}`, 2, '9.9.0')) } },
      'versions',
      'warn',
    ],
    [
      'a lost replica',
      { deployments: { value: ['operator', 'webhook', 'gateway'].map((n) => deployment(`sentinel-${n}`, 1)) } },
      'programs',
      'warn',
    ],
    ['nothing installed', { deployments: { value: [] } }, 'programs', 'fail'],
  ];
  for (const [what, change, name, verdict] of faults)
    it(`finds ${what}`, () => assert.equal(verdicts({ ...sound, ...change })[name], verdict));

  it('ends with 1 and asks nothing more when the API server gives no answer', async () => {
    const ran = await runAgainst(() => refusal(401, 'Unauthorized', 'who are you'), ['doctor', '-o', 'json']);
    assert.equal(ran.code, 1);
    const { items } = JSON.parse(ran.out) as { items: { name: string; verdict: string }[] };
    assert.deepEqual([items[0]?.name, items[0]?.verdict], ['API server', 'fail']);
  });
});

describe('version', () => {
  it('of the client asks no cluster', async () => {
    const ran = await runAgainst(() => undefined, ['version', '--client']);
    assert.deepEqual([ran.out, ran.requests], [`Client Version: ${CLIENT_VERSION}\n`, []]);
  });

  it('warns when client and server do not fit together', async () => {
    const answer = ({ path }: { path: string }) => {
      if (path === '/version') return { status: 200, body: { gitVersion: 'v1.36.2' } };
      return { status: 200, body: { metadata: { resourceVersion: '1' }, items: [deployment('sentinel-operator', 1, '7.0.0')] } };
    };
    const ran = await runAgainst(answer, ['version']);
    assert.equal(ran.out, `Client Version: ${CLIENT_VERSION}\nServer Version: 7.0.0\nKubernetes:     v1.36.2\n`);
    assert.match(ran.error, /warning: client .* and server 7\.0\.0 differ by a minor version or more/);
  });
});
