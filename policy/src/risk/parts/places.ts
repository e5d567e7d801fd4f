import { type Effect, namespaces as own, type RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { count, namesOf, shortList } from '../words.ts';

const ours: ReadonlySet<string> = new Set(Object.values(own));
const isSystem = (namespace: string) => namespace.startsWith('kube-') || ours.has(namespace);

/** Where the writes are: how many namespaces, whose, or the whole cluster. */
export function partsOfPlaces(effects: readonly Effect[], environment: string | undefined): RiskPart[] {
  const clusterWide = effects.filter(({ namespace }) => namespace === undefined);
  const namespaces = [...new Set(effects.flatMap(({ namespace }) => namespace ?? []))].sort();
  const system = namespaces.filter(isSystem);
  return [
    ...part('cluster', clusterWide.length, `${namesOf(clusterWide)}: of the whole cluster`),
    ...part('namespaces', namespaces.length - 1, `${count(namespaces.length, 'namespace')}: ${shortList(namespaces)}`),
    ...part('system-namespace', system.length, `the cluster itself runs in ${shortList(system)}`),
    ...(environment === 'production' ? part('environment', Math.min(1, effects.length), 'the environment is production') : []),
  ];
}
