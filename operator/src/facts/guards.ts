import { namespaces } from '@sentinel/crds';
import {
  type KubeClient,
  mutatingwebhookconfigurations,
  networkpolicies,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from '@sentinel/kube';
import { z } from 'zod';

/** The policies inside the API server that a real run relies on. */
export const REQUIRED_POLICIES = [
  'sentinel-actions',
  'sentinel-action-status',
  'sentinel-playbooks',
  'sentinel-plans',
  'sentinel-run-lock',
  'sentinel-sandbox-guard',
  'sentinel-ledger-guard',
] as const;
/** The network policies of the sandbox namespace. */
export const REQUIRED_NETWORK_POLICIES = ['sentinel-default-deny', 'sentinel-sandbox-egress'] as const;

const Policy = z.object({ spec: z.object({ failurePolicy: z.string().optional() }) });
const Binding = z.object({
  spec: z.object({ policyName: z.string(), validationActions: z.array(z.string()), matchResources: z.unknown().optional() }),
});
const Webhooks = z.object({ webhooks: z.array(z.object({ name: z.string(), failurePolicy: z.string().optional() })) });
const Egress = z.object({
  spec: z.object({
    podSelector: z.object({ matchLabels: z.unknown().optional(), matchExpressions: z.unknown().optional() }),
    policyTypes: z.array(z.string()),
  }),
});

/** What is missing or weakened among the guards of a real run; empty when all are there. Any of it freezes starts. */
export async function readGuards(client: KubeClient, lock: () => Promise<string | undefined>): Promise<string[]> {
  const checks = [
    ...REQUIRED_POLICIES.flatMap((name) => [policyFault(client, name), bindingFault(client, name)]),
    ...REQUIRED_NETWORK_POLICIES.map((name) => networkFault(client, name)),
    webhookFault(client),
    lock(),
  ];
  return (await Promise.all(checks)).filter((fault) => fault !== undefined);
}

async function policyFault(client: KubeClient, name: string): Promise<string | undefined> {
  const policy = Policy.safeParse(await client.get(validatingadmissionpolicies, { name }));
  if (!policy.success) return `ValidatingAdmissionPolicy '${name}' is missing`;
  return policy.data.spec.failurePolicy === 'Ignore' ? `ValidatingAdmissionPolicy '${name}' ignores failures` : undefined;
}

async function bindingFault(client: KubeClient, name: string): Promise<string | undefined> {
  const binding = Binding.safeParse(await client.get(validatingadmissionpolicybindings, { name }));
  if (!binding.success || binding.data.spec.policyName !== name)
    return `the binding of ValidatingAdmissionPolicy '${name}' is missing`;
  return binding.data.spec.validationActions.includes('Deny') ? undefined : `ValidatingAdmissionPolicy '${name}' does not deny`;
}

async function networkFault(client: KubeClient, name: string): Promise<string | undefined> {
  const policy = Egress.safeParse(await client.get(networkpolicies, { name, namespace: namespaces.sandboxes }));
  if (!policy.success) return `NetworkPolicy '${name}' is missing`;
  const { podSelector } = policy.data.spec;
  return podSelector.matchLabels || podSelector.matchExpressions ? `NetworkPolicy '${name}' does not cover every pod` : undefined;
}

async function webhookFault(client: KubeClient): Promise<string | undefined> {
  const configuration = Webhooks.safeParse(await client.get(mutatingwebhookconfigurations, { name: 'sentinel' }));
  if (!configuration.success) return "MutatingWebhookConfiguration 'sentinel' is missing";
  const actions = configuration.data.webhooks.find(({ name }) => name === 'actions.sentinel.dev');
  if (!actions) return "MutatingWebhookConfiguration 'sentinel' has no webhook 'actions.sentinel.dev'";
  return actions.failurePolicy === 'Ignore' ? "MutatingWebhookConfiguration 'sentinel' ignores failures" : undefined;
}
