import { namespaces as own } from '@sentinel/crds';
import {
  type AnyObject,
  type KubeClient,
  mutatingwebhookconfigurations,
  namespaces,
  networkpolicies,
  type ResourceKind,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from '@sentinel/kube';
import { sandboxNamespaceLabels } from '../../generated/guards.ts';
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
 * empty when they are intact. Any fault prevents starts. `rendered` are the guards of this release; `lock` returns whether the API server enforces
 * the run lock.
 */
export async function readGuards(
  client: KubeClient,
  rendered: readonly AnyObject[],
  lock: () => Promise<string | undefined>,
): Promise<string[]> {
  const [held, faults] = await Promise.all([lock(), findAlteredGuards(client, rendered)]);
  const untold = faults.length - TOLD;
  return [
    ...(held === undefined ? [] : [held]),
    ...faults.slice(0, TOLD),
    ...(untold > 0 ? [`${untold} more ${untold === 1 ? 'guard differs' : 'guards differ'}`] : []),
  ];
}

/** The same without the run lock, one sentence for each guard. */
export async function findAlteredGuards(client: KubeClient, rendered: readonly AnyObject[]): Promise<string[]> {
  const ofKind = ({ kind }: ResourceKind) => rendered.filter((guard) => guard.kind === kind);
  const judgeNetwork = async (namespace: string) => {
    const guards = ofKind(networkpolicies).filter(({ metadata }) => metadata.namespace === namespace);
    return judgeNetworkPolicies(namespace, guards, (await client.list(networkpolicies, { namespace })).items);
  };
  const [sandboxes, schedules, labels, ...guards] = await Promise.all([
    judgeNetwork(own.sandboxes),
    judgeNetwork(own.schedules),
    client.get(namespaces, { name: own.sandboxes }),
    ...clusterKinds.flatMap((kind) =>
      ofKind(kind).map(async (guard) => judgeGuard(guard, await client.get(kind, { name: guard.metadata.name ?? '' }))),
    ),
  ]);
  return [...guards, ...sandboxes, ...schedules, judgeNamespace(sandboxNamespaceLabels, labels)].filter(
    (fault) => fault !== undefined,
  );
}
