import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createAuthority } from '@sentinel/kube/certificates';
import { admin } from '../cluster.ts';
import { collectorEndpoint } from '../telemetry.ts';

// What happens to an installation: each is done to the real one, and the answer puts it back.

export type Undo = () => Promise<unknown>;

const SYSTEM = ['-n', 'sentinel-system'];

/** Sets a setting of a program, whose pods are replaced. */
export async function setSetting(program: string, name: string, value: string): Promise<Undo> {
  const deployment = [`deployment/sentinel-${program}`, ...SYSTEM];
  const path = `jsonpath={.spec.template.spec.containers[0].env[?(@.name=="${name}")].value}`;
  const kept = await admin.kubectl(['get', ...deployment, '-o', path]);
  const set = (to: string) => admin.kubectl(['set', 'env', ...deployment, `${name}=${to}`]);
  await set(value);
  return () => set(kept);
}

/** Does something again and again, whether or not it succeeds, until the answer is called. */
export function repeat(everyMs: number, work: () => Promise<unknown>): Undo {
  const stop = new AbortController();
  const working = (async () => {
    while (!stop.signal.aborted) {
      await work().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return () => {
    stop.abort();
    return working;
  };
}

/** A sink of the audit trail in front of that of the tests, that can be stopped. */
export async function serveSink(): Promise<{ readonly endpoint: string; readonly stop: Undo }> {
  const { hostname, port } = new URL(collectorEndpoint);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const behind = connect({ host: hostname, port: Number(port) });
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      open.add(from);
      from.once('error', () => to.destroy()).once('close', () => open.delete(from));
      from.pipe(to);
    }
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { endpoint: `http://${hostname}:${(server.address() as AddressInfo).port}`, stop };
}

interface Role {
  readonly rules: readonly { readonly resources: readonly string[] }[];
}

/** Takes these resources out of the ClusterRole of a program. */
export async function takeRights(program: string, resources: readonly string[]): Promise<Undo> {
  const role = ['clusterrole', `sentinel-${program}`];
  const { rules } = await admin.get<Role>(role);
  const left = rules
    .map((rule) => ({ ...rule, resources: rule.resources.filter((resource) => !resources.includes(resource)) }))
    .filter((rule) => rule.resources.length > 0);
  const set = (to: Role['rules']) => admin.kubectl(['patch', ...role, '--type=merge', '-p', JSON.stringify({ rules: to })]);
  await set(left);
  return () => set(rules);
}

/** A Lease that a process left behind which is gone: the next one waits until it has run out. */
export async function leaveLease(): Promise<void> {
  const spec = { holderIdentity: 'gone', renewTime: new Date().toISOString().replace('Z', '000Z') };
  await admin.kubectl(['patch', 'lease', 'sentinel-operator', ...SYSTEM, '--type=merge', '-p', JSON.stringify({ spec })]);
}

/** One NetworkPolicy more for the sandboxes, which opens them. */
export async function openSandboxes(): Promise<Undo> {
  const metadata = { name: 'open', namespace: 'sentinel-sandboxes' };
  const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [{}] };
  await admin.apply(JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }));
  return () => admin.kubectl(['delete', 'networkpolicy', metadata.name, '-n', metadata.namespace, '--ignore-not-found']);
}

/**
 * An authority of the gateway with ten days left whose next one is published and does not take over yet. That is the one that the gateway
 * had: who trusts it goes on to.
 */
export async function ageAuthority(): Promise<Undo> {
  const secret = ['secret', 'sentinel-gateway-ca', ...SYSTEM];
  const { data } = await admin.get<{ data: Record<string, string> }>(secret);
  const old = await createAuthority('sentinel-gateway-ca-old', 10);
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const bundle = `${old.cert}\n${Buffer.from(data['ca.crt'] ?? '', 'base64').toString('utf8')}`;
  const aged = {
    'tls.crt': encode(old.cert),
    'tls.key': encode(old.key),
    'ca.crt': encode(bundle),
    'next.crt': data['tls.crt'],
    'next.key': data['tls.key'],
    'next.since': encode(new Date().toISOString()),
  };
  // A merge takes away what is null.
  const without = Object.fromEntries(Object.keys(aged).map((name) => [name, data[name] ?? null]));
  const set = (to: object) => admin.kubectl(['patch', ...secret, '--type=merge', '-p', JSON.stringify({ data: to })]);
  await set(aged);
  return () => set(without);
}
