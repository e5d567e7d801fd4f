import type { Effect, RiskPart } from '@sentinel/crds';
import { part, partForEach } from '../part.ts';
import { baseOf, count, objectKey, objectName, shortList } from '../words.ts';
import { isMetadataOnly } from './writes.ts';

const STOPS = 4;

/** How many pods the writes reach, and what they stop. */
export function partsOfPods(effects: readonly Effect[]): RiskPart[] {
  const objects = [...Map.groupBy(effects.filter(reachesPods), objectKey).values()];
  const sizes = objects.map((group) => Math.max(...group.map(({ pods }) => Math.max(pods?.before ?? 0, pods?.after ?? 0))));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const names = objects.flatMap(([first]) => (first ? [objectName({ ...first, resource: baseOf(first) })] : []));
  const stopped = objects.flatMap((group) => group.find(isStop) ?? []);
  return [
    ...part('pods', all, `${count(all, 'pod')} behind ${shortList(names)}`),
    ...partForEach(
      'stop',
      stopped.map((effect) => `${effect.verb} ${objectName(effect)}: scaled from ${effect.pods?.before} to 0`),
      STOPS,
    ),
  ];
}

/** Whether a write reaches the pods behind its object. */
export const reachesPods = (effect: Effect): boolean => effect.pods !== undefined && !isMetadataOnly(effect);

const isStop = ({ verb, pods }: Effect) => verb !== 'delete' && pods !== undefined && pods.before > 0 && pods.after === 0;
