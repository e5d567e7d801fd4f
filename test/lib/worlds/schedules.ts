import { policyForAnyPlaybook } from '../cluster.ts';

// What a tenant needs for schedules.

/** The account that files the actions of all schedules. */
export const SCHEDULE_ACCOUNT = 'system:serviceaccount:sentinel-schedules:schedule';
export const SCHEDULES = 'sentinel-schedules';

/** The policy of the shop, for schedules as well, with any Playbook. */
export const policyForSchedules = (): string =>
  policyForAnyPlaybook().replace(
    '  subjects:\n',
    `  subjects:\n  - {kind: ServiceAccount, name: schedule, namespace: ${SCHEDULES}}\n`,
  );

/** The person who trusts a schedule lends it the right to use the account. */
export const trusterMayUse = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: use-remediator
  namespace: shop
rules: [{apiGroups: [sentinel.dev], resources: [accounts], resourceNames: [remediator], verbs: [use]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: use-remediator
  namespace: shop
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: use-remediator}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: tess}]`;
