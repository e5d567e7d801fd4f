import { namespaces as own } from '@sentinel/crds';
import {
  type KubeClient,
  mutatingwebhookconfigurations,
  namespaces,
  networkpolicies,
  type ResourceKind,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from '@sentinel/kube';
import { renderedGuards, sandboxNamespaceLabels } from '../../generated/guards.ts';
import { judgeGuard, judgeNamespace, judgeNetworkPolicies } from './judge.ts';

/** Further guards are only counted, because the length of a condition message is limited. */
const TOLD = 4;

const clusterKinds: readonly ResourceKind[] = [
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
];

/**
 * What is missing or altered among the guards of a real run, compared field by field with what the chart of this version renders;
 * empty when they are intact. Any fault prevents starts. `lock` returns whether the API server enforces the run lock.
 */
export async function readGuards(client: KubeClient, lock: () => Promise<string | undefined>): Promise<string[]> {
  const [held, faults] = await Promise.all([lock(), findAlteredGuards(client)]);
  const untold = faults.length - TOLD;
  return [
    ...(held === undefined ? [] : [held]),
    ...faults.slice(0, TOLD),
    ...(untold > 0 ? [`${untold} more ${untold === 1 ? 'guard differs' : 'guards differ'}`] : []),
  ];
}

/** The same without the run lock, one sentence for each guard. */
export async function findAlteredGuards(client: KubeClient): Promise<string[]> {
  const [policies, labels, ...guards] = await Promise.all([
    client.list(networkpolicies, { namespace: own.sandboxes }),
    client.get(namespaces, { name: own.sandboxes }),
    ...clusterKinds.flatMap((kind) =>
      ofKind(kind).map(async (guard) => judgeGuard(guard, await client.get(kind, { name: guard.metadata.name ?? '' }))),
    ),
  ]);
  return [
    ...guards,
    ...judgeNetworkPolicies(ofKind(networkpolicies), policies.items),
    judgeNamespace(sandboxNamespaceLabels, labels),
  ].filter((fault) => fault !== undefined);
}

const ofKind = ({ kind }: ResourceKind) => renderedGuards.filter((guard) => guard.kind === kind);
