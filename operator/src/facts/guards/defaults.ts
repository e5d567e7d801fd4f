import type { AnyObject, Json } from '@sentinel/kube';

/** The fields of a kind that the API server fills in when they are left out, by path; `[]` stands for each entry of a list. */
export type DefaultTable = Readonly<Record<string, Json>>;

/*
 * Source: pkg/apis/admissionregistration/v1/defaults.go and pkg/apis/networking/v1/defaults.go of kubernetes/kubernetes, seen in the
 * answers of a v1.36 API server (defaults.fixture.ts). A default for a list that depends on other fields is not here
 * (NetworkPolicy spec.policyTypes): the chart must set it.
 */

// Rule: every scope.
const rules = (path: string): DefaultTable => ({ [`${path}[].scope`]: '*' });

// MatchResources, of a policy and of a binding.
const matchResources = (path: string): DefaultTable => ({
  [`${path}.matchPolicy`]: 'Equivalent',
  [`${path}.namespaceSelector`]: {},
  [`${path}.objectSelector`]: {},
  ...rules(`${path}.resourceRules`),
  ...rules(`${path}.excludeResourceRules`),
});

// ValidatingWebhook; a MutatingWebhook has one field more.
const webhooks: DefaultTable = {
  'webhooks[].failurePolicy': 'Fail',
  'webhooks[].matchPolicy': 'Equivalent',
  'webhooks[].namespaceSelector': {},
  'webhooks[].objectSelector': {},
  'webhooks[].timeoutSeconds': 10,
  // ServiceReference
  'webhooks[].clientConfig.service.port': 443,
  ...rules('webhooks[].rules'),
};

/** What the API server fills in, by kind. */
export const SERVER_DEFAULTS: Readonly<Record<string, DefaultTable>> = {
  ValidatingAdmissionPolicy: {
    'spec.failurePolicy': 'Fail',
    ...matchResources('spec.matchConstraints'),
  },
  ValidatingAdmissionPolicyBinding: matchResources('spec.matchResources'),
  MutatingWebhookConfiguration: { ...webhooks, 'webhooks[].reinvocationPolicy': 'Never' },
  ValidatingWebhookConfiguration: webhooks,
  NetworkPolicy: {
    // NetworkPolicyPort
    'spec.ingress[].ports[].protocol': 'TCP',
    'spec.egress[].ports[].protocol': 'TCP',
  },
};

/** The object as the API server stores it: a copy in which each field of the table is set where its parent exists. */
export function fillDefaults(object: AnyObject, table: DefaultTable = SERVER_DEFAULTS[object.kind] ?? {}): AnyObject {
  const filled = structuredClone(object);
  for (const [path, value] of Object.entries(table)) fill(filled, path.split('.'), value);
  return filled;
}

function fill(parent: unknown, [step = '', ...rest]: readonly string[], value: Json): void {
  if (typeof parent !== 'object' || parent === null) return;
  const fields = parent as Record<string, unknown>;
  if (rest.length === 0) fields[step] ??= structuredClone(value);
  else if (!step.endsWith('[]')) fill(fields[step], rest, value);
  else for (const entry of (fields[step.slice(0, -2)] ?? []) as unknown[]) fill(entry, rest, value);
}
