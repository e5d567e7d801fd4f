// `helm test`: looks at an installation from inside the cluster, as any client would, and changes nothing. Each check has one line; the
// exit code is 1 if one fails.
import { readFileSync } from 'node:fs';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
// As the client libraries of Kubernetes find it: without DNS.
const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
const system = 'sentinel-system';
const headers = { authorization: `Bearer ${readFileSync(`${account}/token`, 'utf8')}`, 'content-type': 'application/json' };

async function call(path, options = {}) {
  const response = await fetch(`${server}${path}`, { headers, signal: AbortSignal.timeout(15_000), ...options });
  return { status: response.status, body: await response.json() };
}

async function get(path) {
  const { status, body } = await call(path);
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${body.message}`);
  return body;
}

const checks = {
  async 'the kinds are served'() {
    const { resources } = await get('/apis/sentinel.dev/v1alpha1');
    for (const kind of ['AgentAction', 'ActionPlan', 'AgentPolicy', 'ClusterAgentPolicy', 'Playbook'])
      if (!resources.some((resource) => resource.kind === kind)) throw new Error(`the kind ${kind} is missing`);
  },
  async 'the programs are available'() {
    for (const program of process.argv.slice(1)) {
      const { spec, status } = await get(`/apis/apps/v1/namespaces/${system}/deployments/sentinel-${program}`);
      const ready = status.readyReplicas ?? 0;
      if (ready < Math.max(1, spec.replicas)) throw new Error(`${ready} of ${spec.replicas} replicas of sentinel-${program} are ready`);
    }
  },
  async 'an operator leads'() {
    const { spec } = await get(`/apis/coordination.k8s.io/v1/namespaces/${system}/leases/sentinel-operator`);
    const age = (Date.now() - Date.parse(spec.renewTime)) / 1000;
    if (!spec.holderIdentity || age > 60) throw new Error(`the lease of '${spec.holderIdentity}' was renewed ${Math.round(age)} s ago`);
  },
  // A new action with a decision is always refused, so nothing is stored. The code is that of the webhook.
  async 'the API server asks the webhook'() {
    const { status, body } = await call(`/apis/sentinel.dev/v1alpha1/namespaces/${system}/agentactions?dryRun=All`, {
      method: 'POST',
      body: JSON.stringify({
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'AgentAction',
        metadata: { name: 'helm-test', annotations: { 'sentinel.dev/decision': 'approve' } },
        spec: { intent: { summary: 'helm test' }, playbookRef: { name: 'none' } },
      }),
    });
    if (body.details?.causes?.[0]?.reason !== 'PlanNotReady') throw new Error(`the answer was ${status}: ${body.message}`);
  },
};
if (process.argv.includes('evidence'))
  checks['the API of the evidence store answers'] = () => get('/apis/evidence.sentinel.dev/v1alpha1');

for (const [name, check] of Object.entries(checks))
  try {
    await check();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`FAILED: ${name}: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
    process.exitCode = 1;
  }
