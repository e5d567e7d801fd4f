import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { imageName } from '../../rules/images.ts';
import { part } from '../part.ts';
import { namesOf } from '../words.ts';

/**
 * Images of repositories from which the object had no image before. Another tag or digest of the same repository does not count.
 * Images that are hidden in the effects as people may see them, `shown`, are counted but not named.
 */
export function partsOfImages(effects: readonly Effect[], shown = effects): RiskPart[] {
  const foreign = effects.flatMap((effect, index) => {
    const places = effect.verb === 'delete' ? [] : foreignPlaces(effect);
    return places.length === 0 ? [] : [{ effect, places: [...new Set(places.map(nameOnly(shown[index])))] }];
  });
  const [first] = foreign;
  const names = namesOf(foreign.map(({ effect }) => effect));
  return part('images', foreign.length, `${names}: an image from where it had none: ${first?.places.join(', ')}`);
}

function nameOnly(shown: Effect | undefined): (place: string) => string {
  const seen = new Set(shown?.change?.flatMap((one) => placesIn(one, one.after)));
  return (place) => (seen.has(place) ? place : HIDDEN);
}

function foreignPlaces({ change = [] }: Effect): string[] {
  const before = new Set(change.flatMap((one) => (one.before === undefined ? [] : placesIn(one, one.before))));
  return [...new Set(change.flatMap((one) => placesIn(one, one.after)))].filter((place) => !before.has(place));
}

const HIDDEN = 'one that is not shown';
// What fields are called that name an image, and the parts of one that is named by several: custom resources have their own ways.
const NAMED = '[A-Za-z]*[iI]mage(?:Name|Repository|Registry|Ref|Url|URL)?';
const PART = '(?:reference|registry|repository|name)';
const field = new RegExp(`/(?:${NAMED}|[A-Za-z]*[iI]mage/${PART})$`);
/** Names of images inside of a larger value, which may be cut, and images that are objects: also those of volumes. */
const inside = new RegExp(`"${NAMED}":(?:"([^"]+)"|(\\{[^{}]*))`, 'g');
const parts = new RegExp(`"${PART}":"([^"]+)"`, 'g');

function placesIn({ path, before, after }: FieldChange, value = ''): string[] {
  // A field of which no value is shown, such as a hidden one.
  if (before === undefined && after === undefined && field.test(path)) return [HIDDEN];
  // As if the field stood in a larger value.
  const whole = field.test(path) ? `"image":${value}` : value;
  return [...whole.matchAll(inside)].flatMap(([, name, object]) => {
    const named = name ?? [...(object ?? '').matchAll(parts)].map(([, one]) => one).join('/');
    return named === '' ? [] : [imageName(named)];
  });
}
