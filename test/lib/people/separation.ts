import { paths } from '@sentinel/cluster';
import { admin, Person } from '../cluster.ts';
import { oneStep } from '../one-step.ts';
import { type ActionView, makeTenant, type Tenant } from '../tenant.ts';
import { whoAmI } from './answers.ts';
import { APPROVALS, withRecord } from './records.ts';
import { policyAbout } from './requester.ts';

// Only people decide, as themselves. Each way to be somebody else is tried singly: by the annotations, which the webhook judges, and
// by a record of one's own hand, as a webhook that was taken over would write it, which the API server alone judges.

/** A Playbook that annotates the Deployment `web` by its own name. */
export const touch = (name: string) => oneStep(name, ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', `${name}=yes`]);

const GROUP = 'rbac.authorization.k8s.io';
/** A Role and its binding for one user, in a namespace or in the whole cluster, labelled for {@link removeGrants}. */
export const grant = (namespace: string, user: string, name: string, rules: object[], cluster = false) => {
  const scope = cluster ? {} : { namespace };
  const kind = cluster ? 'ClusterRole' : 'Role';
  const full = `${namespace}-${user}-${name}`;
  return [
    { apiVersion: `${GROUP}/v1`, kind, metadata: { name: full, ...scope, labels: { people: namespace } }, rules },
    {
      apiVersion: `${GROUP}/v1`,
      kind: `${kind}Binding`,
      metadata: { name: full, ...scope, labels: { people: namespace } },
      roleRef: { apiGroup: GROUP, kind, name: full },
      subjects: [{ kind: 'User', apiGroup: GROUP, name: user }],
    },
  ];
};
/** A binding of a ClusterRole to one user, in a namespace. */
export const bind = (namespace: string, user: string, role: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: { name: `${user}-${role}`, namespace },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'User', apiGroup: GROUP, name: user }],
});
/** Applies objects. */
export const applyAll = (items: object[]) => admin.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

/** Somebody by impersonation: the API server shows admission the impersonated identity alone. */
export const as = (user: string, uid?: string, groups: readonly string[] = ['shop-approvers']) =>
  new Person(paths.kubeconfig, { as: { user, groups, ...(uid === undefined ? {} : { uid }) } });

/** Removes what {@link grant} made in the whole cluster. */
export const removeGrants = (namespace: string) =>
  admin.kubectl(['delete', 'clusterrole,clusterrolebinding', '-l', `people=${namespace}`, '--ignore-not-found']);

/** Nobody. */
export const anonymous = as('system:anonymous');

/** Makes a tenant in which who approves is a matter of the verb alone, so that one person can lose it; two approvals are needed. */
export async function makeSeparated(name: string, playbooks: readonly string[]): Promise<Tenant> {
  const policy = policyAbout('rex', 2)
    .replace(
      '{kind: ServiceAccount, name: repair-agent}',
      '{kind: ServiceAccount, name: repair-agent}\n  - {kind: User, name: uma}',
    )
    .replace(', groups: [shop-approvers]', '');
  const tenant = await makeTenant(name, { playbooks: playbooks.map(touch).join(''), policy });
  await tenant.deploy('web');
  return tenant;
}

/** An action with its uid. */
type Read = ActionView & { metadata: { uid: string } };

/** What people do with the actions of a tenant, which is made after these verbs. */
export function verbsIn(tenantNow: () => Tenant) {
  const at = () => ['-n', tenantNow().namespace];
  const read = (name: string) => admin.get<Read>(['agentaction', name, ...at()]);
  return {
    read,

    /** Decides on a plan by annotations. */
    decide(who: Person, name: string, word: string, digest: string, ...more: string[]) {
      const annotations = [`sentinel.dev/decision=${word}`, `sentinel.dev/plan=${digest}`];
      const args = ['annotate', 'agentaction', name, ...at(), ...annotations, `--field-manager=${word}:${digest}`];
      return who.tryKubectl([...args, ...more]);
    },

    /** What a webhook that was taken over would make of the request: a record with a seal of its own. Only tried. */
    async write(who: Person, name: string, word = 'approve') {
      // The API server tells everybody who they are but the anonymous user.
      const nobody = { username: 'system:anonymous', groups: ['shop-approvers', 'system:unauthenticated'] };
      const { username: user, uid = '', groups } = who === anonymous ? { ...nobody, uid: '' } : await whoAmI(who);
      const action = await read(name);
      const head = {
        action: action.metadata.uid,
        plan: action.status?.plan?.digest,
        user,
        uid,
        groups,
        extra: {},
        decision: word,
      };
      const line = JSON.stringify({ ...head, time: new Date().toISOString(), key: 'k', seal: 'AAAA' });
      const body = { metadata: { annotations: { [APPROVALS]: withRecord(action, line) } } };
      const asked = `--field-manager=${word}:${action.status?.plan?.digest}`;
      const args = ['patch', 'agentaction', name, ...at(), '--type=merge', '-p', JSON.stringify(body), asked];
      return who.tryKubectl([...args, '--dry-run=server']);
    },
  };
}
