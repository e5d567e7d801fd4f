import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { part, partForEach } from '../part.ts';
import { baseOf, count, objectKey, objectName, shortList } from '../words.ts';
import { isMade, isMetadataOnly } from './writes.ts';

const STOPS = 4;

/** How many pods the writes reach, and what they stop. */
export function partsOfPods(effects: readonly Effect[]): RiskPart[] {
  const objects = [...Map.groupBy(effects.filter(reachesPods), objectKey).values()];
  const sizes = objects.map((group) => Math.max(...group.map(({ pods }) => Math.max(pods?.before ?? 0, pods?.after ?? 0))));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const names = objects.flatMap(([first]) => (first ? [objectName({ ...first, resource: baseOf(first) })] : []));
  const stopped = [...Map.groupBy(effects, objectKey).values()].flatMap((group) => group.flatMap(howItStops).slice(0, 1));
  return [...part('pods', all, `${count(all, 'pod')} behind ${shortList(names)}`), ...partForEach('stop', stopped, STOPS)];
}

/** Whether a write reaches the pods behind its object. */
export const reachesPods = (effect: Effect): boolean => effect.pods !== undefined && !isMetadataOnly(effect);

// An object of which no pods are known, such as a CronJob or an autoscaler, may have some.
function howItStops(effect: Effect): string[] {
  const { verb, pods, change = [] } = effect;
  if (verb === 'delete' || isMade(effect) || isMetadataOnly(effect) || pods?.before === 0) return [];
  const fewer = change.find(isFewer);
  const how = [
    ...(pods?.after === 0 ? [`scaled from ${pods.before} to 0`] : []),
    ...(change.some(isSuspended) ? ['suspended'] : []),
    ...(fewer ? [`${fewer.path} from ${fewer.before ?? 'none'} to ${fewer.after ?? 'none'}`] : []),
  ];
  return how.slice(0, 1).map((one) => `${verb} ${objectName(effect)}: ${one}`);
}

// A field of which no value is shown may say anything.
const isHidden = ({ before, after }: FieldChange) => before === undefined && after === undefined;

const isSuspended = (one: FieldChange) =>
  /^\/spec\/(.*\/)?suspend(ed)?$/.test(one.path)
    ? isHidden(one) || one.after === 'true'
    : /"suspend(ed)?":true/.test(one.after ?? '') && !/"suspend(ed)?":true/.test(one.before ?? '');

// Without a least there is one, without a most no end.
function isFewer(one: FieldChange): boolean {
  const bound = /^\/spec\/(?:.*\/)?(min|max)Replica(?:s|Count)$/.exec(one.path)?.[1];
  if (bound === undefined) return false;
  const before = one.before === undefined ? (bound === 'min' ? 1 : Number.POSITIVE_INFINITY) : Number(one.before);
  return isHidden(one) || Number(one.after ?? 1) < before;
}
