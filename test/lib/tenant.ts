import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { paths } from '@sentinel/cluster';
import { agentActions, askingManager, playbooks } from '@sentinel/crds';
import { createClient, createTransport, type KubeClient, loadConfig } from '@sentinel/kube';
import { TENANTS } from '../../tools/testing/tenants.ts';
import { admin, eventually, example, HANG_SECONDS, type Person, person, serviceAccount } from './cluster.ts';
import { loadedImages } from './images.ts';

/** A namespace of its own with everything that an action needs: policy, accounts, Playbooks that are trusted, people, an agent. */
export interface Tenant {
  readonly namespace: string;
  readonly agent: Person;
  readonly approver: Person;
  readonly truster: Person;
  readonly viewer: Person;
  readonly image: string;
  /** Creates an action as the agent; answers with its name. */
  file(
    playbook: string,
    parameters?: Readonly<Record<string, string>>,
    extra?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  /** The action as it is now. */
  action(name: string): Promise<ActionView>;
  /** Waits until the action is in one of these states. */
  until(name: string, states: readonly string[], seconds?: number, maxPauseMs?: number): Promise<ActionView>;
  /** Decides with plain kubectl, on the current plan. */
  decide(
    who: Person,
    name: string,
    decision: 'approve' | 'reject' | 'revoke' | 'request-changes',
    plan?: string,
  ): Promise<{ code: number; stderr: string }>;
  /** Cancels an action; the agent does, unless somebody else is named. */
  cancel(name: string, who?: Person): Promise<void>;
  /** Makes a Playbook trusted. */
  trust(playbook: string): Promise<void>;
  /** Changes fields of the policy of its namespace. */
  setPolicy(spec: object): Promise<void>;
  /** Makes Deployments like that of the shop example, which is stuck on an image that does not exist. */
  deploy(...names: readonly string[]): Promise<void>;
}

/** What tests read of an action. */
export interface ActionView {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations: Record<string, string>;
    readonly labels?: Record<string, string>;
    readonly finalizers?: string[];
  };
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
    readonly plan?: { name: string; digest: string; risk: string; effects: number };
    readonly stages?: readonly {
      stage: string;
      name: string;
      uid: string;
      startedAt?: string;
      finishedAt?: string;
      outcome?: string;
      message?: string;
      evidence?: string;
      evidenceMissing?: string;
    }[];
    readonly results?: readonly { name: string; content: string }[];
    readonly rollback?: readonly { effect: number; outcome: string; message?: string }[];
    readonly outbox?: {
      sequence: number;
      exported: number;
      head: string;
      records: readonly {
        sequence: number;
        transition: string;
        actor: string;
        summary: string;
        time: string;
        details?: readonly { name: string; value: string }[];
      }[];
    };
    readonly decisions?: readonly { user: string; decision: string; counts: boolean; why?: string }[];
  };
}

/** The state of an action: the reason of its condition Succeeded. */
export const stateOf = (action: ActionView): string =>
  action.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? 'Pending';
/** What the action says of its state. */
/**
 * The stages of an action, without rehearsals that started over because the kubelet executed a step twice. It does so now and then by
 * itself (kubernetes/kubernetes issue 83705), and with `EventedPLEG` about once in a hundred pods.
 */
export const stagesOf = ({ status }: ActionView) => {
  const again = (status?.outbox?.records ?? []).filter(
    ({ transition, summary }) => transition === 'StartedOver' && summary?.includes('the kubelet executed step'),
  ).length;
  const stages = status?.stages ?? [];
  const isOver = ({ stage, outcome }: { stage: string; outcome?: string }) => stage === 'rehearsal' && outcome === 'Unknown';
  const dropped = new Set(stages.filter(isOver).slice(0, again));
  return stages.filter((one) => !dropped.has(one));
};

export const messageOf = (action: ActionView): string =>
  action.status?.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';

/** States in which a run that somebody approved is over, and those in which it never begins. */
export const END_STATES: readonly string[] = [
  'Succeeded',
  'RolledBack',
  'RollbackIncomplete',
  'RunFailed',
  'RehearsalFailed',
  'Blocked',
  'Denied',
  'NoEffect',
];

/** When each transition was, for a message about a wait that did not end. */
const timesOf = (action: ActionView): string =>
  (action.status?.outbox?.records ?? []).map(({ transition, time }) => `${transition} ${time.slice(11, 19)}`).join(', ');

/** Makes a tenant from the shop example, under another name, with Playbooks of a test beside it. */
export async function makeTenant(
  name: string,
  options: { readonly playbooks?: string; readonly policy?: string } = {},
): Promise<Tenant> {
  // A suffix, so that a file can be run again on a cluster that has seen it.
  const namespace = `${name}-${randomBytes(3).toString('hex')}`;
  const image = loadedImages().tools;
  deleteWhenDone(namespace);
  const rename = (yaml: string) =>
    yaml.replaceAll('namespace: shop', `namespace: ${namespace}`).replaceAll('name: shop\n', `name: ${namespace}\n`);
  await admin.apply(rename(example('shop/namespace.yaml')));
  await admin.apply(rename(options.policy ?? example('shop/policy.yaml')));
  await admin.apply(accounts(namespace));
  const manifests = rename(
    `${example('shop/playbooks.yaml', { TOOLS_IMAGE: image })}\n---\n${(options.playbooks ?? '').replaceAll('$' + '{TOOLS_IMAGE}', image)}`,
  );
  await admin.apply(manifests);
  const [agent, approver, truster, viewer] = await Promise.all([
    serviceAccount(namespace, 'repair-agent'),
    person('ada', ['shop-approvers', 'shop-viewers']),
    person('tess', ['shop-trusters']),
    person('vic', ['shop-viewers']),
  ]);
  const tenant = makeVerbs({ namespace, agent, approver, truster, viewer, image });
  const names = [...manifests.matchAll(/kind: Playbook\nmetadata:\n {2}name: ([a-z0-9-]+)/g)].map(([, name = '']) => name);
  await Promise.all(names.map((playbook) => tenant.trust(playbook)));
  return tenant;
}

/** Has the runner delete a namespace when this file is done. */
export function deleteWhenDone(namespace: string): void {
  if (process.env[TENANTS]) appendFileSync(process.env[TENANTS], `${namespace}\n`);
}

type Base = Pick<Tenant, 'namespace' | 'agent' | 'approver' | 'truster' | 'viewer' | 'image'>;

let filed = 0;

function makeVerbs(base: Base): Tenant {
  const { namespace, agent } = base;
  const action = readAction(namespace);
  const truster = clientOf(base.truster);
  return {
    ...base,
    action,
    async file(playbook, parameters = {}, extra = {}) {
      filed += 1;
      const name = `${playbook}-${filed}`;
      const spec = {
        intent: {
          summary: `Run ${playbook}`,
          prompt: 'web is broken, please repair it',
          agent: { name: 'codex', model: 'test' },
        },
        playbookRef: { name: playbook },
        parameters: Object.entries(parameters).map(([key, value]) => ({ name: key, value })),
        ...extra,
      };
      await agent.apply(
        JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata: { name, namespace }, spec }),
      );
      return name;
    },
    until: (name, states, seconds = HANG_SECONDS, maxPauseMs = 500) =>
      eventually(
        `${namespace}/${name} in ${states.join(' or ')}`,
        async () => {
          const found = await action(name);
          if (states.includes(stateOf(found))) return found;
          throw new Error(`${stateOf(found)}: ${messageOf(found)}; ${timesOf(found)}`);
        },
        seconds,
        maxPauseMs,
      ),
    async decide(who, name, decision, plan) {
      const digest = plan ?? (await action(name)).status?.plan?.digest ?? '';
      return await who.tryKubectl([
        'annotate',
        'agentaction',
        name,
        '-n',
        namespace,
        `sentinel.dev/decision=${decision}`,
        `sentinel.dev/plan=${digest}`,
        `--field-manager=${askingManager(decision, digest)}`,
      ]);
    },
    async cancel(name, who = agent) {
      const patch = JSON.stringify({ spec: { cancelled: true } });
      await who.kubectl(['patch', 'agentaction', name, '-n', namespace, '--type=merge', '-p', patch]);
    },
    async setPolicy(spec) {
      const patch = JSON.stringify({ spec });
      await admin.kubectl(['patch', 'agentpolicy', namespace, '-n', namespace, '--type=merge', '-p', patch]);
    },
    async deploy(...names) {
      const workload = example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${namespace}`);
      for (const name of names) await admin.apply(workload.replaceAll('name: web\n', `name: ${name}\n`));
    },
    async trust(playbook) {
      // The operator says the digest of the current object; right after a change it may still show the one before.
      await eventually(`trust in ${namespace}/${playbook}`, async () => {
        const key = { name: playbook, namespace };
        const { status } = await client.getOrThrow(playbooks, key);
        if (status?.digest === undefined) return false;
        const annotations = { 'sentinel.dev/trust': status.digest };
        const fieldManager = askingManager('trust', status.digest);
        await truster.patch(playbooks, key, { metadata: { annotations } }, { type: 'merge', fieldManager });
        return true;
      });
    },
  };
}

/** The admin's client in this process. Waiting asks often, and each kubectl costs a tenth of a second of a core. */
export const client = createClient(
  createTransport(loadConfig({ kubeconfig: paths.kubeconfig }), { userAgent: 'sentinel-tests' }),
);

/** The client of somebody, in this process. */
export const clientOf = ({ kubeconfig }: Person): KubeClient =>
  createClient(createTransport(loadConfig({ kubeconfig }), { userAgent: 'sentinel-tests' }));

function readAction(namespace: string): (name: string) => Promise<ActionView> {
  return async (name) => (await client.getOrThrow(agentActions, { name, namespace })) as unknown as ActionView;
}

// The same objects that `kubectl sentinel account create` makes.
function accounts(namespace: string): string {
  return readFileSync(new URL('./accounts.yaml', import.meta.url), 'utf8').replaceAll('$' + '{NAMESPACE}', namespace);
}
