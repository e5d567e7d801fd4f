import { GROUP } from '@sentinel/crds';
import type { PolicySet } from '../policyset/policy-set.ts';
import { policyName } from '../policyset/policy-set.ts';
import { type Identity, SERVICE_ACCOUNT } from './identity.ts';

/** A right as a SubjectAccessReview asks for it. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Asks the API server for the first of several rights that an identity holds. Must throw when one cannot be asked. */
export type AskRights = (
  identity: Identity & { readonly extra?: Readonly<Record<string, readonly string[]>> },
  rights: readonly Right[],
) => Promise<Right | undefined>;

const WRITES = ['create', 'update', 'patch'] as const;
/** Resources that start pods: a person who writes one of these chooses the ServiceAccount or the program of its pods. */
const WORKLOADS: readonly (readonly [group: string, resource: string])[] = [
  ['', 'pods'],
  ['', 'replicationcontrollers'],
  ['apps', 'deployments'],
  ['apps', 'statefulsets'],
  ['apps', 'daemonsets'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
];
/** Anyone who writes one of these can add a container to the next pod that is created, also in the namespace of the ServiceAccount. */
const MUTATING: readonly string[] = ['mutatingwebhookconfigurations', 'mutatingadmissionpolicies'];
/** Where the controllers of Kubernetes have their ServiceAccounts, some of which make pods, or tokens of nodes, in every namespace. */
const CONTROLLER_NAMESPACE = 'kube-system';
const IN_PODS: readonly (readonly [subresource: string, verbs: readonly string[]])[] = [
  ['exec', ['create', 'get']],
  ['attach', ['create', 'get']],
  ['ephemeralcontainers', ['update', 'patch']],
];
const AUTHENTICATION = 'authentication.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';
/** The API server lets a certificate be approved with the right on its signer, or on all signers of the domain of that. */
const CLIENT_SIGNERS = ['kubernetes.io/kube-apiserver-client', 'kubernetes.io/*'] as const;
/** The response to a patch contains the whole object, and the response to deletecollection all objects that it deletes, or would delete in a dry-run. */
const SECRET_READS = ['get', 'list', 'watch', 'patch', 'deletecollection'] as const;
/** A member of this group may do everything. */
const ADMINS = 'system:masters';
/** Creates tokens of every ServiceAccount (bootstrappolicy/policy.go). Who may impersonate all users may impersonate it. */
const CONTROLLERS = 'system:kube-controller-manager';
/** With a certificate of this signer one is a node, which creates tokens of the ServiceAccounts whose pods it runs. */
const NODE_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';

/**
 * The rights of which any one lets its holder act as an identity: impersonate it, have its token or certificate, or, for a
 * ServiceAccount, run something in a pod that runs as it, or be somebody who creates its token. Rights on pods and workloads are asked for the whole namespace: one that
 * RBAC grants for a named object alone is not found.
 */
export function rightsToActAs({ user, uid }: Pick<Identity, 'user' | 'uid'>): Right[] {
  const account = accountOf(user);
  const anyone: Right[] = [
    ...(account ? [] : [{ verb: 'impersonate', group: '', resource: 'users', name: user }]),
    ...(account ? [] : [{ verb: 'impersonate:user-info', group: AUTHENTICATION, resource: 'users', name: user }]),
    ...(uid ? [{ verb: 'impersonate', group: AUTHENTICATION, resource: 'uids', name: uid }] : []),
    ...(uid ? [{ verb: 'impersonate:user-info', group: AUTHENTICATION, resource: 'uids', name: uid }] : []),
    { verb: 'impersonate', group: '', resource: 'groups', name: ADMINS },
    { verb: 'impersonate:user-info', group: AUTHENTICATION, resource: 'groups', name: ADMINS },
    ...CLIENT_SIGNERS.map((name) => ({ verb: 'approve', group: 'certificates.k8s.io', resource: 'signers', name })),
  ];
  if (!account) return anyone;
  const { namespace, name } = account;
  return [
    ...anyone,
    { verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace, name },
    { verb: 'impersonate:serviceaccount', group: AUTHENTICATION, resource: 'serviceaccounts', namespace, name },
    { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace, name },
    { verb: 'impersonate', group: '', resource: 'users', name: CONTROLLERS },
    { verb: 'impersonate:user-info', group: AUTHENTICATION, resource: 'users', name: CONTROLLERS },
    { verb: 'impersonate:arbitrary-node', group: AUTHENTICATION, resource: 'nodes' },
    { verb: 'approve', group: 'certificates.k8s.io', resource: 'signers', name: NODE_SIGNER },
    ...SECRET_READS.map((verb) => ({ verb, group: '', resource: 'secrets', namespace })),
    ...WORKLOADS.flatMap(([group, resource]) => WRITES.map((verb) => ({ verb, group, resource, namespace }))),
    ...IN_PODS.flatMap(([subresource, verbs]) =>
      verbs.map((verb) => ({ verb, group: '', resource: 'pods', subresource, namespace })),
    ),
    ...['create', 'get'].map((verb) => ({ verb, group: '', resource: 'nodes', subresource: 'proxy' })),
    // A StatefulSet makes pods by the revision that its status names.
    { verb: 'create', group: 'apps', resource: 'controllerrevisions', namespace },
    ...MUTATING.flatMap((resource) => WRITES.map((verb) => ({ verb, group: ADMISSION, resource }))),
    ...rightsOfControllers(),
  ];
}

// The shortest ways to a ServiceAccount of a controller, to a node by a bootstrap token, or to a program that runs on every node.
function rightsOfControllers(): Right[] {
  const namespace = CONTROLLER_NAMESPACE;
  return [
    { verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace },
    { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace },
    { verb: 'get', group: '', resource: 'secrets', namespace },
    { verb: 'create', group: '', resource: 'secrets', namespace },
    { verb: 'create', group: '', resource: 'pods', namespace },
    { verb: 'create', group: '', resource: 'pods', subresource: 'exec', namespace },
    { verb: 'patch', group: 'apps', resource: 'daemonsets', namespace },
  ];
}

function accountOf(user: string): { namespace: string; name: string } | undefined {
  const [namespace, name, ...more] = user.startsWith(SERVICE_ACCOUNT) ? user.slice(SERVICE_ACCOUNT.length).split(':') : [];
  return namespace && name && more.length === 0 ? { namespace, name } : undefined;
}

/** A right as text: `create serviceaccounts/token 'robot' in namespace 'shop'`. */
export function describeRight({ verb, group, resource, subresource, namespace, name }: Right): string {
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return `${verb} ${what}${name === undefined ? '' : ` '${name}'`}${namespace === undefined ? '' : ` in namespace '${namespace}'`}`;
}

/** How a person could act as one of these identities, as a text that follows "you can"; undefined if they cannot. */
export async function wayToActAs(
  ask: AskRights,
  decider: Parameters<AskRights>[0],
  identities: readonly Identity[],
): Promise<string | undefined> {
  for (const identity of identities) {
    const right = await ask(decider, rightsToActAs(identity));
    if (right) return `act as '${identity.user}' (${describeRight(right)})`;
  }
  return undefined;
}

/**
 * The policy by which somebody may decide although they could act as the requester or author; undefined when the rule holds for them.
 * Every policy with an opinion must name them: a policy without the field has none.
 */
export function exemptBy(set: PolicySet, { user, groups }: Identity): string | undefined {
  const speaking = set.policies.filter(({ spec }) => spec?.identity?.separationOfDuties !== undefined);
  if (speaking.length === 0 || set.policies.some(({ spec }) => spec === undefined)) return undefined;
  const named = speaking.every(({ spec }) => {
    const { exemptUsers, exemptGroups } = spec?.identity?.separationOfDuties ?? {};
    return exemptUsers?.includes(user) || exemptGroups?.some((group) => groups.includes(group));
  });
  return named ? speaking.map(policyName).join(', ') : undefined;
}

/** The rights of an approver at the start. */
export interface DeciderRights {
  /** Whether they still hold the verb `approve` on the action. */
  readonly mayApprove: boolean;
  /** How they could act as a requester; undefined when they cannot. */
  readonly actsAs: string | undefined;
}

type Approval = Identity & {
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly seal: string;
  /** The Playbook of a standing approval, on which its person needs the verb `approve` as well. */
  readonly playbook?: string | undefined;
};

/**
 * Checks the rights of the approvers, with the identity in their sealed records: user, uid, groups and claims. Returns the result by the seal of
 * each record. Throws if one cannot be checked: then nothing starts.
 */
export async function askDeciders(
  ask: AskRights,
  action: { readonly namespace: string; readonly name: string },
  approvals: readonly Approval[],
  requesters: readonly Identity[],
): Promise<Map<string, DeciderRights>> {
  const answers = new Map<string, DeciderRights>();
  for (const approval of approvals) {
    const may = async (resource: string, name: string) =>
      (await ask(approval, [{ verb: 'approve', group: GROUP, resource, namespace: action.namespace, name }])) !== undefined;
    const { playbook } = approval;
    answers.set(approval.seal, {
      mayApprove: (await may('agentactions', action.name)) && (playbook === undefined || (await may('playbooks', playbook))),
      actsAs: await wayToActAs(ask, approval, requesters),
    });
  }
  return answers;
}
