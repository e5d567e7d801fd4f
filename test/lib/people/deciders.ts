import assert from 'node:assert/strict';
import type { Ran } from '../../../tools/run.ts';
import { admin, eventually, example, type Person, person, serviceAccount } from '../cluster.ts';
import { oneStep } from '../one-step.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../tenant.ts';
import { APPROVALS, forgedRecord, withRecord } from './records.ts';
import { filersOf, mayFile, policyAbout } from './requester.ts';

// A tenant for ways around a decision. Its policy wants two people, so that a single approval never starts anything.

/** An action with all that the API server shows of it. */
export type WholeAction = ActionView & {
  spec: Record<string, unknown> & { intent: { summary: string } };
  metadata: { generation: number };
};

/** The annotations that ask for a decision on a plan. */
export const decision = (plan: string, word = 'approve') => ({ 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan });

/** A Playbook that runs a script of shell. */
export const scripted = (name: string, script: string) => oneStep(name, ['sh', '-ec', script]);

/** A command that annotates the Deployment `web`. What really runs has a key of its own, so that other rehearsals find something to change. */
export const annotateWebAs = (key = 'touched') => `kubectl annotate --overwrite deployment web ${key}=yes`;

/** The people of such a tenant, and a program. */
export interface Deciders {
  readonly tenant: Tenant;
  /** An approver. */
  readonly ada: Person;
  /** Another approver. */
  readonly bea: Person;
  /** Holds the verb `approve` and writes Playbooks, but is in no group of approvers. */
  readonly sam: Person;
  /** An approver who holds the verb `amend`. */
  readonly amy: Person;
  /** An approver who may file actions. */
  readonly rita: Person;
  /** A ServiceAccount with the verb `approve`. */
  readonly robot: Person;
}

/** Makes a tenant with people who decide, and the Deployment `web`. The Playbook `touch` annotates it. */
export async function makeDeciders(name: string, playbooks = ''): Promise<Deciders> {
  const all = `${scripted('touch', annotateWebAs())}${playbooks}`;
  const tenant = await makeTenant(name, { playbooks: all, policy: policyAbout('rita', 2) });
  const { namespace } = tenant;
  await admin.apply(rights(namespace));
  await admin.apply(
    example('shop/workload.yaml')
      .replaceAll('namespace: shop', `namespace: ${namespace}`)
      .replace('localhost/web:no-such-tag', tenant.image),
  );
  const [bea, sam, amy, rita, robot] = await Promise.all([
    person('bea', ['shop-approvers', 'shop-viewers']),
    person('sam', ['shop-viewers']),
    person('amy', ['shop-approvers']),
    person('rita', [filersOf('rita'), 'shop-approvers', 'shop-viewers']),
    serviceAccount(namespace, 'robot'),
  ]);
  return { tenant, ada: tenant.approver, bea, sam, amy, rita, robot };
}

/** What is done with the actions of a tenant, which is made after these verbs. */
export function verbsOn(tenantNow: () => Tenant) {
  const at = () => ['-n', tenantNow().namespace];
  const read = (action: string) => admin.get<WholeAction>(['agentaction', action, ...at()]);

  const patch = (who: Person, action: string, body: unknown, type = 'merge', ...more: string[]): Promise<Ran> =>
    who.tryKubectl(['patch', 'agentaction', action, ...at(), `--type=${type}`, '-p', JSON.stringify(body), ...more]);

  /** Annotates, and says in the options of the request what the annotations ask for, as a person has to. */
  const annotate = (who: Person, action: string, annotations: Record<string, string | null>, ...more: string[]) => {
    const { 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan } = annotations;
    const asked = word && plan ? [`--field-manager=${word}:${plan}`] : [];
    return patch(who, action, { metadata: { annotations } }, 'merge', ...asked, ...more);
  };

  return {
    read,
    patch,
    annotate,
    planOf: async (action: string) => (await read(action)).status?.plan?.digest ?? '',

    /** Creates an action of a Playbook; the agent does, unless somebody else is named. */
    async file(action: string, playbook: string, who: Person = tenantNow().agent): Promise<void> {
      const metadata = { name: action, namespace: tenantNow().namespace };
      const spec = { intent: { summary: `Attack: ${action}` }, playbookRef: { name: playbook } };
      const object = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata, spec };
      await who.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
      await tenantNow().until(action, ['AwaitingApproval']);
    },

    /** A record as the webhook writes it, for somebody to write with their own hand. */
    record: async (who: Person, action: string, changed: Record<string, unknown> = {}) =>
      await forgedRecord(who, await read(action), changed),

    /** Writes a record with one's own hand after the existing ones. */
    async write(who: Person, action: string, line: string, others: Record<string, string> = {}): Promise<Ran> {
      const now = await read(action);
      const asked = `--field-manager=approve:${now.status?.plan?.digest}`;
      return await annotate(who, action, { [APPROVALS]: withRecord(now, line), ...others }, asked);
    },

    /** Waits until the status shows so many decisions. */
    counted: (action: string, amount: number) =>
      eventually(`${amount} decisions on ${action}`, async () => {
        const found = (await read(action)).status?.decisions ?? [];
        return found.length >= amount && found;
      }),

    /** Fails unless the action waits for people. */
    async stillWaits(action: string): Promise<void> {
      const now = await read(action);
      assert.equal(stateOf(now), 'AwaitingApproval', messageOf(now));
    },
  };
}

const rights = (ns: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: amender, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [agentactions], verbs: [amend, "get", patch, update, approve]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: amender, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: amender}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: amy}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more-approvers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-approver}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}
- {kind: ServiceAccount, name: robot, namespace: ${ns}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: ${ns}}
${mayFile('rita', ns)}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: writers, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [playbooks], verbs: [get, create, update, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: writers}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}]
`;
