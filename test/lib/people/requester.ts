import { policyForAnyPlaybook } from '../cluster.ts';

// A person who creates actions like an agent, different from the approvers. The policy names a group of theirs, because
// whom it names singly is an agent and decides nothing.

/** The group by which a person may file. */
export const filersOf = (user: string): string => `${user}-files`;

/** The policy of the shop for any of its Playbooks, which applies to a person as well as to the agent of the shop. */
export const policyAbout = (user: string, approvals: number): string =>
  policyForAnyPlaybook()
    .replace(
      '{kind: ServiceAccount, name: repair-agent}',
      `{kind: ServiceAccount, name: repair-agent}\n  - {kind: Group, name: "${filersOf(user)}"}`,
    )
    .replace('approvals: 1, groups', `approvals: ${approvals}, groups`);

/** The rights that such a user needs in a namespace. */
export const mayFile = (user: string, namespace: string): string =>
  [
    ['files', 'ClusterRole', 'sentinel-agent'],
    ['uses', 'Role', 'sentinel-use'],
  ]
    .map(
      ([what, kind, role]) => `---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${user}-${what}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${role}}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: ${user}}]
`,
    )
    .join('');
