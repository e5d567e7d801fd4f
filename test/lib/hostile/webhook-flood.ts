import { randomBytes } from 'node:crypto';
import { admin, eventually } from '../cluster.ts';
import { loadedImages } from '../images.ts';

/** Runs in the pod, with the address of the Service as its argument. Prints what happened to its requests every few seconds. */
const FLOOD = `
const { request } = require('node:https');
const net = require('node:net');
const host = process.argv[1];
const counts = {};
const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const review = (resource, operation, object, oldObject) => JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: {
  uid: 'x', resource: { group: 'sentinel.dev', resource }, operation, namespace: 'default', name: 'x',
  userInfo: { username: 'mallory', groups: ['system:authenticated'] }, object, oldObject } });
const keys = Object.fromEntries(Array.from({ length: 100000 }, (_, at) => ['k' + at, 'x']));
const seals = { 'sentinel.dev/approvals': '{}\\n'.repeat(1000000) };
const plan = 'sha256:' + 'a'.repeat(64);
const asked = { 'sentinel.dev/decision': 'reject', 'sentinel.dev/plan': plan };
const stamp = { 'sentinel.dev/requested-by': JSON.stringify({ user: 'rita', uid: '', groups: [] }) };
const status = { plan: { digest: plan }, conditions: [{ type: 'Succeeded', reason: 'AwaitingApproval' }] };
const bodies = [
  ['/mutate', review('agentactions', 'CREATE', { metadata: { annotations: keys }, spec: {} })],
  ['/mutate', review('agentactions', 'CREATE', { metadata: {}, spec: { list: Array(200000).fill([]) } })],
  ['/mutate', review('agentactions', 'CREATE', { metadata: {}, spec: 'x'.repeat(3400000) })],
  ['/validate', review('agentactions', 'UPDATE', { metadata: { annotations: seals } }, { metadata: {} })],
  ['/mutate', review('agentactions', 'UPDATE', { metadata: { annotations: { ...stamp, ...asked } }, spec: {} }, { metadata: { uid: 'u', annotations: stamp }, spec: {}, status })],
  ['/mutate', review('playbooks', 'CREATE', { metadata: {}, spec: {} })],
].map(([path, body]) => [path, Buffer.from(body)]);
const blank = Buffer.alloc(3000000, ' ');
const post = (path, body, write = (sent) => sent.end(body)) => new Promise((resolve) => {
  const sent = request({ host, port: 443, path, method: 'POST', rejectUnauthorized: false, agent: false, timeout: 15000,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (answer) => {
    answer.resume().on('end', () => resolve(count(answer.statusCode)));
  });
  sent.on('error', (error) => resolve(count(error.code))).on('timeout', () => sent.destroy());
  write(sent);
});
const loop = async (work) => { for (;;) await work(); };
for (const [path, body] of bodies) for (let many = 0; many < 10; many += 1) loop(() => post(path, body));
for (let many = 0; many < 40; many += 1) loop(() => post('/mutate', blank, (sent) => sent.write('{')));
loop(() => new Promise((resolve) => {
  const socket = net.connect(443, host, () => count('connected'));
  socket.on('error', () => {}).on('close', resolve);
  setTimeout(resolve, 5);
}));
setInterval(() => console.log(JSON.stringify(counts)), 2000);
`;

export interface WebhookFlood {
  /** What happened to its requests: how many had which status or error. */
  counts(): Promise<string>;
  /** Whether it still sends: one that was killed proves nothing. */
  isRunning(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts a pod that sends the webhook all that it can, as every pod of a cluster can. Resolves when it has had answers. */
export async function floodWebhook(namespace: string): Promise<WebhookFlood> {
  const name = `flood-${randomBytes(3).toString('hex')}`;
  const service = ['get', 'service', 'sentinel-webhook', '-n', 'sentinel-system', '-o', 'jsonpath={.spec.clusterIP}'];
  const container = {
    name: 'flood',
    image: loadedImages().sentinel,
    command: ['node', '-e', FLOOD, await admin.kubectl(service)],
    // The machine of the tests has two cores: what counts is the webhook, not who gets a core. Without a request of its own the pod would
    // have the weight of its limit; admins let no namespace request half a core of two (ResourceQuota).
    resources: { requests: { cpu: '50m' }, limits: { cpu: '500m', memory: '2Gi' } },
  };
  const spec = { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container] };
  await admin.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec }));
  const phase = ['get', 'pod', name, '-n', namespace, '-o', 'jsonpath={.status.phase}'];
  const isRunning = async () => (await admin.kubectl(phase)) === 'Running';
  const counts = async () => (await admin.tryKubectl(['logs', name, '-n', namespace, '--tail=1'])).stdout.trim();
  await eventually('the flood of the webhook has answers', async () => /"(200|4\d\d)"/.test(await counts()));
  const flags = ['--grace-period=0', '--force', '--wait=false', '--ignore-not-found'];
  return {
    counts,
    isRunning,
    stop: async () => void (await admin.tryKubectl(['delete', 'pod', name, '-n', namespace, ...flags])),
  };
}
