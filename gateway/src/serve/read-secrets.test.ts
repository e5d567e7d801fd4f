import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicy, ClusterAgentPolicy } from '@sentinel/crds';
import { newRecording } from '../rehearse/recording.ts';
import type { Run } from '../run/run.ts';
import { type SandboxContext, serveSandbox } from './serve-sandbox.ts';

const any = { apiGroups: ['*'], resources: ['*', 'secrets'], verbs: ['*'], decision: 'Allow' };
const entry = { resources: ['secrets'], namespaces: ['shop'], resourceNames: ['web-tls'], content: 'Certificate' };
const policy = (kind: string, spec: object) => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind,
  metadata: { name: 'p', ...(kind === 'AgentPolicy' && { namespace: 'shop' }) },
  spec: { modes: ['DryRun'], kubernetes: [any], approvals: [{ upToRisk: 'High', approvals: 1 }], ...spec },
});
const store = <T>(objects: T[]) => ({ store: { get: () => objects[0], list: () => objects } });
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
const secret = {
  kind: 'Secret',
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': Buffer.from(CERTIFICATE).toString('base64'), 'tls.key': 'aHVudGVyMg==' },
};

/** Asks the gateway as a sandbox would; answers with the text that the sandbox gets, or with the refusal. */
async function ask(path: string, allow: object[]): Promise<string> {
  const context = {
    namespaces: store([{ metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } }]),
    policies: store([policy('AgentPolicy', {}) as unknown as AgentPolicy]),
    clusterPolicies: store([policy('ClusterAgentPolicy', { protected: { allow } }) as unknown as ClusterAgentPolicy]),
    discovery: { find: async () => ({ namespaced: true, verbs: ['get', 'list', 'watch'] }) },
    upstream: {
      send: async () => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(secret)) }),
      stream: () => assert.fail('a Secret was streamed'),
    },
  } as unknown as SandboxContext;
  const run = {
    namespace: 'shop',
    stage: 'rehearsal',
    account: 'inspector',
    requester: { user: 'ada', groups: [] },
    recording: newRecording('shop'),
  } as unknown as Run;
  const raw = { method: 'GET', url: path, headers: {}, body: Buffer.alloc(0) };
  try {
    const answer = await serveSandbox(context, run, raw, new AbortController().signal);
    return String((answer as { body: unknown }).body);
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

describe('A sandbox that reads Secrets', () => {
  const secrets = '/api/v1/namespaces/shop/secrets';
  it('gets the certificates of one that the floor names, and nothing else', async () => {
    const text = await ask(`${secrets}/web-tls`, [entry]);
    assert.match(text, /tls\.crt/);
    assert.doesNotMatch(text, /tls\.key|aHVudGVyMg/);
  });
  for (const [name, path, allow] of [
    ['one that the floor does not name', `${secrets}/db`, [entry]],
    ['one without a floor that names it', `${secrets}/web-tls`, []],
    ['a list', secrets, [entry]],
    ['a list that selects the one', `${secrets}?fieldSelector=metadata.name%3Dweb-tls`, [entry]],
    ['a watch', `${secrets}?watch=1`, [entry]],
    ['one of another namespace', '/api/v1/namespaces/other/secrets/web-tls', [entry]],
  ] as const)
    it(`is refused ${name}`, async () => assert.match(await ask(path, [...allow]), /^refused: .*Secrets may not be touched/));
});
