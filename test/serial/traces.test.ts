import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { run } from '../../tools/run.ts';
import { admin, eventually, example } from '../lib/cluster.ts';
import { collectorEndpoint, type Received, receivedSpans } from '../lib/telemetry.ts';
import { type ActionView, makeTenant } from '../lib/tenant.ts';

// Turns on the traces of the programs, which restarts them, and turns them off again.

const chart = new URL('../../charts/sentinel', import.meta.url).pathname;

/** Sets values of the installation and waits until all programs have them: pods that are ending still answer for a moment. */
async function set(tracing: { readonly otlpEndpoint: string; readonly samplingRatio: number }): Promise<void> {
  const args = [
    'upgrade',
    'sentinel',
    chart,
    '--reuse-values',
    '--set-json',
    `tracing=${JSON.stringify(tracing)}`,
    '--wait',
    '--timeout',
    '180s',
  ];
  await run(paths.helm, args, { env: { KUBECONFIG: paths.kubeconfig } });
  await eventually('the end of the pods before', async () => {
    const { items } = await admin.get<{ items: { metadata: { deletionTimestamp?: string } }[] }>([
      'pods',
      '-n',
      'sentinel-system',
    ]);
    return items.every(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
}

describe('The traces of the programs', { concurrency: false }, () => {
  let action: ActionView;
  let namespace: string;

  before(async () => {
    await set({ otlpEndpoint: collectorEndpoint, samplingRatio: 1 });
    const tenant = await makeTenant('traces');
    namespace = tenant.namespace;
    await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${namespace}`));
    const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(name, ['AwaitingApproval']);
    await tenant.decide(tenant.approver, name, 'approve');
    await tenant.until(name, ['Succeeded']);
    action = await tenant.action(name);
  });
  after(() => set({ otlpEndpoint: '', samplingRatio: 0.1 }));

  const spansNamed = (pattern: RegExp, about: (span: Received) => boolean) =>
    eventually(`spans named ${pattern}`, async () => {
      const found = receivedSpans().filter((span) => pattern.test(span.name) && about(span));
      return found.length > 0 && found;
    });
  const below = (parents: readonly Received[]) => {
    const ids = new Set(parents.map(({ spanId }) => spanId));
    return ({ parentSpanId }: Received) => ids.has(parentSpanId);
  };

  it('show each pass over the action, with what it asked the API server', async () => {
    const key = `${namespace}/${action.metadata.name}`;
    const passes = await spansNamed(/^reconcile agentaction$/, ({ attributes }) => attributes['reconcile.key'] === key);
    const written = await spansNamed(/^PUT .*\/agentactions\/\{name\}\/status$/, below(passes));
    assert.ok(written.some(({ attributes }) => attributes['http.response.status_code'] === '200'));
  });

  it('go on from the operator to the gateway, and from there to the API server', async () => {
    const key = `${namespace}/${action.metadata.name}`;
    const passes = await spansNamed(/^reconcile agentaction$/, ({ attributes }) => attributes['reconcile.key'] === key);
    const asked = await spansNamed(/^GET \/sentinel\/v1\/runs$/, below(passes));
    const answered = await spansNamed(/^operator GET \/sentinel$/, below(asked));
    await spansNamed(/^GET \/api\/v1\/namespaces\/\{namespace\}\/(?:configmaps|secrets)/, below(answered));
  });

  it('show what the webhook judged, and each request of the sandboxes', async () => {
    const mine = ({ attributes }: Received) => attributes['k8s.namespace.name'] === namespace;
    const reviews = await spansNamed(/^review CREATE agentactions$/, mine);
    assert.equal(reviews[0]?.attributes['k8s.admission.outcome'], 'Admitted');
    await spansNamed(/^rehearsal PATCH .*\/deployments\/\{name\}$/, mine);
    await spansNamed(/^run PATCH .*\/deployments\/\{name\}$/, mine);
  });

  it('name no Secret and hold no query', () => {
    const own = receivedSpans().filter(
      ({ attributes }) => Object.keys(attributes).some((name) => name.startsWith('sentinel.action.')) === false,
    );
    assert.doesNotMatch(JSON.stringify(own), /sentinel-webhook-seal|sentinel-gateway-ca"|fieldManager=|resourceVersion=|Bearer /);
  });
});
