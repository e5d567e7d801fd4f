import { agentActions } from '@sentinel/crds';
import { configmaps, createClient, createTransport, type KubeClient, loadConfig } from '@sentinel/kube';
import { admin, eventually, example } from '../test/lib/cluster.ts';
import { makeTenant } from '../test/lib/tenant.ts';
import { installKyverno } from './kyverno.ts';

/**
 * What admission adds to a create, side by side in one run on the embedded cluster: `node bench/create.ts`. A plain object; one that a
 * ValidatingAdmissionPolicy judges by as many CEL rules as the AgentAction is judged by inside the API server; one that Kyverno judges
 * by the same rules in its webhook; an AgentAction, which Sentinel's webhook judges by all policies on top of CEL rules. Dry-runs, so
 * that what is stored plays no part.
 */
const ROUNDS = 300;
const RULES = 16;
const tenant = await makeTenant('bench');
const agent = createClient(createTransport(loadConfig({ kubeconfig: tenant.agent.kubeconfig }), { userAgent: 'sentinel-bench' }));

const marked = `bench-${tenant.namespace}`;
// Where Kyverno judges nothing else is, so that nothing else waits for its webhook.
const judgedByKyverno = `${tenant.namespace}-kyverno`;
const removeKyverno = await installKyverno();
try {
  await admin.kubectl(['create', 'namespace', judgedByKyverno]);
  /** The same rules for both, in the fields that both have. */
  const rules = (namespace: string) => ({
    failurePolicy: 'Fail',
    matchConstraints: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    },
    matchConditions: [{ name: 'marked', expression: "object.metadata.name.startsWith('judged-')" }],
    validations: Array.from({ length: RULES }, (_, index) => ({
      expression: `!('rule-${index}' in object.data) || object.data['rule-${index}'].matches('^[a-z]{1,63}$')`,
    })),
  });
  await admin.apply(
    JSON.stringify({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: marked },
      spec: rules(tenant.namespace),
    }),
  );
  await admin.apply(
    JSON.stringify({
      apiVersion: 'policies.kyverno.io/v1',
      kind: 'ValidatingPolicy',
      metadata: { name: marked },
      spec: { ...rules(judgedByKyverno), validationActions: ['Deny'] },
    }),
  );
  await admin.apply(
    JSON.stringify({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: marked },
      spec: { policyName: marked, validationActions: ['Deny'] },
    }),
  );
  await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${tenant.namespace}`));
  for (const namespace of [tenant.namespace, judgedByKyverno]) {
    const agents = `--serviceaccount=${tenant.namespace}:repair-agent`;
    await admin.kubectl(['create', 'rolebinding', 'bench', '-n', namespace, '--clusterrole=edit', agents]);
  }

  const data = Object.fromEntries(Array.from({ length: RULES }, (_, index) => [`rule-${index}`, 'value']));
  const configMap = (name: string, namespace = tenant.namespace) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data,
  });
  // Both refuse what breaks a rule before anything is measured: that they judge is seen, not assumed.
  for (const namespace of [tenant.namespace, judgedByKyverno])
    await eventually(`a refusal in ${namespace}`, async () => {
      const wrong = { ...configMap('judged-wrong', namespace), data: { ...data, 'rule-7': 'NOT SO' } };
      const asked = agent.create(configmaps, wrong, { dryRun: true });
      return await asked.then(
        () => false,
        (error: unknown) => /denied|failed expression|ValidatingAdmissionPolicy/.test(String(error)),
      );
    });
  const action = (name: string) => ({
    apiVersion: 'sentinel.dev/v1alpha1' as const,
    kind: 'AgentAction' as const,
    metadata: { name, namespace: tenant.namespace },
    spec: {
      intent: { summary: 'bench' },
      playbookRef: { name: 'set-image' },
      parameters: [
        { name: 'deployment', value: 'web' },
        { name: 'container', value: 'web' },
        { name: 'image', value: 'localhost/web:1' },
      ],
      mode: 'Apply' as const,
      cancelled: false,
    },
  });

  const creates: Record<string, (client: KubeClient, index: number) => Promise<unknown>> = {
    'a plain object': (client, index) => client.create(configmaps, configMap(`plain-${index}`), { dryRun: true }),
    [`${RULES} CEL rules in a ValidatingAdmissionPolicy`]: (client, index) =>
      client.create(configmaps, configMap(`judged-${index}`), { dryRun: true }),
    [`${RULES} CEL rules in Kyverno's webhook`]: (client, index) =>
      client.create(configmaps, configMap(`judged-${index}`, judgedByKyverno), { dryRun: true }),
    'an AgentAction: CEL rules, webhook, all policies': (client, index) =>
      client.create(agentActions, action(`bench-${index}`), { dryRun: true }),
  };

  const times = new Map<string, number[]>();
  // Taken in turns, so that whatever else the machine does falls on all of them.
  for (let round = -20; round < ROUNDS; round++)
    for (const [name, create] of Object.entries(creates)) {
      const begun = performance.now();
      await create(agent, round + 100);
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - begun]);
    }

  let base = Number.NaN;
  for (const [name, list] of times) {
    list.sort((a, b) => a - b);
    const [median = 0, p99 = 0] = [list[Math.floor(list.length / 2)], list[Math.floor(list.length * 0.99)]];
    if (Number.isNaN(base)) base = median;
    process.stdout.write(
      `${name}: median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${(median / base).toFixed(1)} × a plain one\n`,
    );
  }
} finally {
  await admin.kubectl([
    'delete',
    'validatingadmissionpolicy,validatingadmissionpolicybinding,validatingpolicy',
    marked,
    '--ignore-not-found',
  ]);
  await admin.kubectl(['delete', 'namespace', tenant.namespace, judgedByKyverno, '--wait=false', '--ignore-not-found']);
  await removeKyverno();
}
// The clients of the tests keep their connections, which would keep this process.
process.exit(0);
