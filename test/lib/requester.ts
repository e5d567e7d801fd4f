import { example } from './cluster.ts';

// A person who files actions as agents do: to be told apart from whoever approves them.

/** The policy of the shop for any of its Playbooks, in which a user is an agent beside the one of the shop. */
export const policyAbout = (user: string, approvals: number): string =>
  example('shop/policy.yaml')
    .replace(
      '{kind: ServiceAccount, name: repair-agent}',
      `{kind: ServiceAccount, name: repair-agent}\n  - {kind: User, name: ${user}}`,
    )
    .replace(', allow: [set-image, set-image-twice, set-broken-image, restart, health-check]', '')
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
