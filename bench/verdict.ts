import { AgentPolicySpec, type ClusterAgentPolicy } from '@sentinel/crds';
import { admit, type PolicySet, policySet, readPolicy } from '@sentinel/policy';
import { aPlaybook } from '@sentinel/policy/testing';

/**
 * How long a verdict takes: `node --expose-gc bench/verdict.ts`. The limit is 2 ms at the 99th percentile for 50 policies of 40 rules
 * and an action of 20 steps; the cost must grow with the number of rules and not faster; 1,000 policies must fit into 100 MB.
 */
const LIMIT_MS = 2;
const LIMIT_MB = 100;
const STEPS = 20;
/** Verdicts before any is measured, so that the program is compiled by then. */
const WARM_UP = 600;
const namespace = {
  metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true', 'sentinel.dev/environment': 'staging' } },
};
const requester = { user: 'system:serviceaccount:shop:agent', groups: ['system:serviceaccounts'] };

function policy(index: number, rules: number): ClusterAgentPolicy {
  const verbs = ['get', 'describe', 'logs', 'apply', 'delete', 'scale', 'rollout', 'patch'];
  const spec = AgentPolicySpec.parse({
    modes: ['DryRun', 'Apply'],
    playbooks: { trustedOnly: false },
    commands: Array.from({ length: rules }, (_, rule) => ({
      prefix: ['kubectl', `${verbs[rule % verbs.length]}|${verbs[(rule + 3) % verbs.length]}`, `kind-${index}-${rule}`],
      decision: rule % 5 === 0 ? 'Deny' : 'Allow',
      justification: `rule ${rule} of policy ${index}`,
    })),
    images: { allow: ['registry.acme.io/agents/*'] },
  });
  return {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'ClusterAgentPolicy',
    metadata: { name: `p${index}`, uid: `p${index}`, resourceVersion: '1' },
    spec,
  };
}

const playbookOf = (unseen: string) =>
  aPlaybook({
    sandbox: { image: 'registry.acme.io/agents/kubectl:1' },
    steps: Array.from({ length: 16 }, (_, index) => ({
      name: `s${index}`,
      command: ['kubectl', 'get', `kind-${index}-${index}`, `name-${index}${unseen}`],
    })),
    verify: Array.from({ length: STEPS - 16 }, (_, index) => ({
      name: `v${index}`,
      command: ['sh', '-c', `kubectl get pods && kubectl describe pod p${index}${unseen} | grep Ready`],
    })),
  });
const playbook = playbookOf('');

function verdict(policies: readonly ClusterAgentPolicy[], of = playbook): number {
  const set: PolicySet = policySet({ namespace, clusterPolicies: policies, policies: [] }, requester);
  const spec = { intent: { summary: 'x' }, playbookRef: { name: 'fix' }, mode: 'Apply' as const, cancelled: false };
  return admit({ spec, policies: set, playbook: of, trust: { trusted: false, why: 'x' }, mayUseAccount: true }).length;
}

/** Milliseconds of each of many verdicts, sorted. With `unseen` no verdict is over steps that were seen before, nor in the warm-up. */
function measure(rules: number, unseen = false, rounds = 1500): number[] {
  const policies = Array.from({ length: 50 }, (_, index) => policy(index, rules));
  for (let warm = 0; warm < WARM_UP; warm++) verdict(policies, unseen ? playbookOf(`-warm-${warm}`) : playbook);
  // Made before, as an informer has them: what making them leaves behind is not the verdict's.
  const playbooks = Array.from({ length: rounds }, (_, round) => (unseen ? playbookOf(`-${rules}-${round}`) : playbook));
  const times = playbooks.map((of) => {
    const begun = performance.now();
    verdict(policies, of);
    return performance.now() - begun;
  });
  return times.sort((a, b) => a - b);
}

const at = (times: readonly number[], share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
const say = (text: string) => process.stdout.write(`${text}\n`);

const begun = performance.now();
verdict(
  Array.from({ length: 50 }, (_, index) => policy(index, 40)),
  playbookOf('-first'),
);
say(`the first verdict of a process, policies read and compiled: ${(performance.now() - begun).toFixed(0)} ms`);
const medians = new Map<number, number>();
for (const rules of [10, 20, 40, 80, 160]) {
  const times = measure(rules);
  medians.set(rules, at(times, 0.5));
  say(
    `50 policies × ${rules} rules × ${STEPS} steps: median ${at(times, 0.5).toFixed(3)} ms, p99 ${at(times, 0.99).toFixed(3)} ms (limit ${LIMIT_MS} ms at 40 rules: ${((at(times, 0.99) / LIMIT_MS) * 100).toFixed(0)} %)`,
  );
}
const unseen = measure(40, true);
say(
  `50 policies × 40 rules × ${STEPS} steps that nobody saw before: median ${at(unseen, 0.5).toFixed(3)} ms, p99 ${at(unseen, 0.99).toFixed(3)} ms (${((at(unseen, 0.99) / LIMIT_MS) * 100).toFixed(0)} % of the limit)`,
);
say(`16 times the rules cost ${((medians.get(160) ?? 0) / (medians.get(10) ?? 1)).toFixed(1)} times the time`);

globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const many = Array.from({ length: 1000 }, (_, index) => policy(index, 40));
const read = many.map(readPolicy);
globalThis.gc?.();
const used = (process.memoryUsage().heapUsed - before) / 1e6;
say(
  `1,000 policies × 40 rules, read and compiled: ${used.toFixed(0)} MB of heap (limit ${LIMIT_MB} MB), ${read.filter(({ faults }) => faults.length > 0).length} with faults`,
);
const compiled = performance.now();
readPolicy({ ...policy(5000, 40) });
say(`one policy read again: ${(performance.now() - compiled).toFixed(2)} ms; once per change, not per action`);
