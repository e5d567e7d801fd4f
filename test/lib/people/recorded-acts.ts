import { admin, eventually, type Person, person } from '../cluster.ts';
import { type Received, receivedLogs } from '../telemetry.ts';
import type { Tenant } from '../tenant.ts';

/** A person who may do everything with Sentinel's objects in a namespace. */
export async function owner(user: string, namespace: string): Promise<Person> {
  await admin.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: ${namespace}}
rules: [{apiGroups: [sentinel.dev], resources: ["*"], verbs: ["*"]}, {apiGroups: [""], resources: [namespaces], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${user}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: owner}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: ${user}}]
`);
  return await person(user, []);
}

/** The record of a transition at the Collector; waits for it. */
export const recorded = (transition: string, wanted: Readonly<Record<string, string>>): Promise<Received> =>
  eventually(`${transition} ${JSON.stringify(wanted)} at the Collector`, async () =>
    receivedLogs().findLast(
      ({ attributes }) =>
        attributes['sentinel.transition'] === transition &&
        Object.entries(wanted).every(([name, value]) => attributes[name] === value),
    ),
  );

/** Attributes of a record about an object. */
export const ofObject = (namespace: string, name: string) => ({ 'k8s.namespace.name': namespace, 'sentinel.object.name': name });
/** Attributes of a record about an action. */
export const ofAction = (namespace: string, name: string) => ({ 'k8s.namespace.name': namespace, 'sentinel.action.name': name });

/** Creates an action that waits for people; answers with its name. */
export async function waiting(tenant: Tenant): Promise<string> {
  const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
  await tenant.until(name, ['AwaitingApproval']);
  return name;
}
