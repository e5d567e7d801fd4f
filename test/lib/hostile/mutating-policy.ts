import { admin, eventually } from '../cluster.ts';

/** A mutating policy of somebody else, limited to namespaces of a test. */
export interface MutatingPolicy {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly rule: { readonly group: string; readonly resource: string; readonly operations: readonly string[] };
  /** CEL that must hold for it to act. */
  readonly when: string;
  /** CEL of the JSON patch that it makes. */
  readonly patch: string;
}

/**
 * Has a mutating policy act until the answer is called. `isActive` shows that it does: the API server takes a while to load one.
 */
export async function startPolicy(policy: MutatingPolicy, isActive: () => Promise<boolean>): Promise<() => Promise<unknown>> {
  const { name, namespaces, rule, when, patch } = policy;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const objects = [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [rule.group], apiVersions: ['v1'], operations: rule.operations, resources: [rule.resource] },
          ],
        },
        matchConditions: [{ name: 'when', expression: when }],
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patch } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        matchResources: {
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }],
          },
        },
      },
    },
  ];
  const stop = () =>
    admin.kubectl(['delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', name, '--ignore-not-found']);
  try {
    await admin.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
    await eventually(`policy ${name}`, isActive);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
