import type { AnyObject } from '@sentinel/kube';

/**
 * Objects with every field left out that the API server fills in, and the answers of a v1.36.3 API server to a server-side dry-run of
 * each (kubectl apply --dry-run=server -o json, without the annotation of kubectl).
 */
export const answers: readonly { readonly sent: AnyObject; readonly stored: AnyObject }[] = [
  {
    sent: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'xp-guards' },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['agentactions'] },
          ],
          excludeResourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['playbooks'] },
          ],
        },
        matchConditions: [{ name: 'never', expression: 'false' }],
        variables: [{ name: 'a', expression: '1' }],
        validations: [{ expression: 'true', message: 'no' }],
      },
    },
    stored: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: {
        creationTimestamp: '2026-11-28T11:35:58Z',
        generation: 1,
        name: 'xp-guards',
        uid: '0368f2a9-8b57-42e2-8f9a-393d12da1e05',
      },
      spec: {
        failurePolicy: 'Fail',
        matchConditions: [{ expression: 'false', name: 'never' }],
        matchConstraints: {
          excludeResourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['playbooks'], scope: '*' },
          ],
          matchPolicy: 'Equivalent',
          namespaceSelector: {},
          objectSelector: {},
          resourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['agentactions'], scope: '*' },
          ],
        },
        validations: [{ expression: 'true', message: 'no' }],
        variables: [{ expression: '1', name: 'a' }],
      },
      status: {},
    },
  },
  {
    sent: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'xp-guards' },
      spec: {
        policyName: 'xp-guards',
        validationActions: ['Deny'],
        matchResources: {
          resourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['agentactions'] },
          ],
          excludeResourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['playbooks'] },
          ],
        },
      },
    },
    stored: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: {
        creationTimestamp: '2026-11-28T11:35:58Z',
        generation: 1,
        name: 'xp-guards',
        uid: '231f8782-f92b-4ab5-bdf1-a0544bc6f741',
      },
      spec: {
        matchResources: {
          excludeResourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['playbooks'], scope: '*' },
          ],
          matchPolicy: 'Equivalent',
          namespaceSelector: {},
          objectSelector: {},
          resourceRules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['agentactions'], scope: '*' },
          ],
        },
        policyName: 'xp-guards',
        validationActions: ['Deny'],
      },
    },
  },
  {
    sent: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'xp-guards' },
      webhooks: [
        {
          name: 'a.sentinel.dev',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { name: 'none', namespace: 'xp-guards' } },
          rules: [{ apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['nothing'] }],
        },
      ],
    },
    stored: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: {
        creationTimestamp: '2026-11-28T11:35:58Z',
        generation: 1,
        name: 'xp-guards',
        uid: 'e1930423-4911-47bc-9f80-a3c38e01c001',
      },
      webhooks: [
        {
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { name: 'none', namespace: 'xp-guards', port: 443 } },
          failurePolicy: 'Fail',
          matchPolicy: 'Equivalent',
          name: 'a.sentinel.dev',
          namespaceSelector: {},
          objectSelector: {},
          reinvocationPolicy: 'Never',
          rules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['nothing'], scope: '*' },
          ],
          sideEffects: 'None',
          timeoutSeconds: 10,
        },
      ],
    },
  },
  {
    sent: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'xp-domains' },
      webhooks: [
        {
          name: 'a.sentinel.dev',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { name: 'none', namespace: 'xp-domains' } },
          rules: [{ apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['nothing'] }],
        },
      ],
    },
    stored: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: {
        creationTimestamp: '2026-11-28T12:07:12Z',
        generation: 1,
        name: 'xp-domains',
        uid: '7c93b94b-9fed-42ee-99a1-e5d9a29e50f5',
      },
      webhooks: [
        {
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { name: 'none', namespace: 'xp-domains', port: 443 } },
          failurePolicy: 'Fail',
          matchPolicy: 'Equivalent',
          name: 'a.sentinel.dev',
          namespaceSelector: {},
          objectSelector: {},
          rules: [
            { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['nothing'], scope: '*' },
          ],
          sideEffects: 'None',
          timeoutSeconds: 10,
        },
      ],
    },
  },
  {
    sent: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'xp-guards', namespace: 'xp-guards' },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port: 1 }] }],
        egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8443 }, { port: 'https' }] }],
      },
    },
    stored: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        creationTimestamp: '2026-11-28T11:35:58Z',
        generation: 1,
        name: 'xp-guards',
        namespace: 'xp-guards',
        uid: '9ea08b32-014e-42fb-85ed-97af5ddd3dee',
      },
      spec: {
        egress: [
          {
            ports: [
              { port: 8443, protocol: 'TCP' },
              { port: 'https', protocol: 'TCP' },
            ],
            to: [{ podSelector: {} }],
          },
        ],
        ingress: [{ ports: [{ port: 1, protocol: 'TCP' }] }],
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
      },
    },
  },
];
