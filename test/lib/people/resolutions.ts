import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { paths } from '@sentinel/cluster';
import {
  type AgentAction,
  type AuditRecord,
  agentActions,
  agentPolicies,
  clusterAgentPolicies,
  verifyChain,
} from '@sentinel/crds';
import { Ledger, resolveEffects, Upstream } from '@sentinel/gateway/testing';
import { createTransport, loadConfig, namespaces } from '@sentinel/kube';
import { eventually, type Person } from '../cluster.ts';
import { type ActionView, client } from '../tenant.ts';
import { APPROVALS, forgedRecord, withRecord } from './records.ts';

/** The transitions of an action, in order. */
export const transitionsOf = ({ status }: AgentAction) => status?.outbox?.records.map(({ transition }) => transition) ?? [];

/** How people, and attackers, resolve effects whose outcome is unknown, in a namespace that is made after these verbs. */
export function resolutionsIn(namespaceNow: () => string) {
  const read = async (action: string): Promise<AgentAction> =>
    await client.getOrThrow(agentActions, { name: action, namespace: namespaceNow() });
  const planOf = async (action: string) => (await read(action)).status?.plan?.digest ?? '';
  /** Resolves with plain kubectl. */
  async function annotate(who: Person, action: string, resolution: string, ...more: readonly string[]) {
    const plan = await planOf(action);
    return await who.tryKubectl([
      ...['annotate', 'agentaction', action, '-n', namespaceNow(), `sentinel.dev/decision=${resolution}`],
      ...[`sentinel.dev/effect=1`, `sentinel.dev/plan=${plan}`, `--field-manager=${resolution}:${plan}:1`],
      ...more,
    ]);
  }

  const reconcile = async (who: Person, action: string, ...args: readonly string[]) =>
    await who.tryKubectl([
      'sentinel',
      'reconcile',
      action,
      '-n',
      namespaceNow(),
      '--yes',
      '--plan',
      await planOf(action),
      ...args,
    ]);

  /** The result of the newest resolution of an action, once there are this many. */
  const resolved = (action: string, count: number) =>
    eventually(`${count} resolutions of ${action}`, async () => {
      const { status } = await read(action);
      const all = status?.resolutions ?? [];
      return all.length >= count && all.at(-1);
    });

  /** What a compromised webhook would store for a request that asks for something else, or what a person writes by hand. */
  async function write(who: Person, action: string, asked: string, changed: Record<string, unknown>, ...more: readonly string[]) {
    const now = (await read(action)) as unknown as ActionView;
    const approvals = withRecord(now, await forgedRecord(who, now, changed));
    const body = JSON.stringify({ metadata: { annotations: { [APPROVALS]: approvals } } });
    return await who.tryKubectl([
      ...['patch', 'agentaction', action, '-n', namespaceNow(), '--type=merge', '-p', body, `--field-manager=${asked}`],
      ...more,
    ]);
  }

  /** The gateway's own code, asked to resolve what it can: by an operator that asks for whatever it likes. */
  async function askGateway(name: string) {
    const transport = createTransport(loadConfig({ kubeconfig: paths.kubeconfig }), { userAgent: 'sentinel-tests' });
    const store = <T>(items: readonly T[]) => ({ store: { get: () => items[0], list: () => items } }) as never;
    const run = (await read(name)).status?.stages?.find(({ stage }) => stage === 'run');
    const refusal = async () => 'nothing is sent by this test';
    const noDependants = async () => ({ dependants: [], incomplete: [], isFaulty: false });
    try {
      return await resolveEffects(
        {
          client,
          ledger: new Ledger(client),
          runs: { byJob: () => undefined },
          upstream: new Upstream(transport, { refusal: async () => undefined }),
          replica: { address: '127.0.0.1', process: 'test' },
          permission: { refusal, ending: refusal },
          dependants: { of: noDependants, below: noDependants },
          namespaces: store([await client.getOrThrow(namespaces, { name: namespaceNow() })]),
          policies: store((await client.list(agentPolicies, { namespace: namespaceNow() })).items),
          clusterPolicies: store((await client.list(clusterAgentPolicies)).items),
          key: () => ({ id: 'test', privateKey: generateKeyPairSync('ed25519').privateKey }),
        },
        Buffer.from(JSON.stringify({ namespace: namespaceNow(), name, job: run?.uid })),
      );
    } finally {
      await transport.close();
    }
  }

  async function soundTrail(action: string, tail: readonly string[]): Promise<void> {
    const { status } = await read(action);
    const { records = [], sequence = 0, head = '' } = status?.outbox ?? {};
    assert.deepEqual(verifyChain(records as AuditRecord[], { sequence, hash: head }), []);
    assert.deepEqual(transitionsOf(await read(action)).slice(-tail.length), tail);
  }
  return { annotate, askGateway, planOf, read, reconcile, resolved, soundTrail, write };
}
