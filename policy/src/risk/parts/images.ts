import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { imageName } from '../../images.ts';
import { part } from '../part.ts';
import { namesOf } from '../words.ts';

/** Other programs than before: images from a place from which the object had none. A tag or digest of the same repository is none. */
export function partsOfImages(effects: readonly Effect[]): RiskPart[] {
  const foreign = effects.flatMap((effect) => {
    const places = foreignPlaces(effect);
    return places.length === 0 ? [] : [{ effect, places }];
  });
  const [first] = foreign;
  const names = namesOf(foreign.map(({ effect }) => effect));
  return part('images', foreign.length, `${names}: an image from where it had none: ${first?.places.join(', ')}`);
}

function foreignPlaces({ change = [] }: Effect): string[] {
  const before = new Set(change.flatMap((one) => (one.before === undefined ? [] : placesIn(one, one.before))));
  return [...new Set(change.flatMap((one) => placesIn(one, one.after)))].filter((place) => !before.has(place));
}

// What fields are called that name an image, and the parts of one that is named by several: custom resources have their own ways.
const NAMED = '[A-Za-z]*[iI]mage(?:Name|Repository|Registry|Ref|Url|URL)?';
const PART = '(?:reference|registry|repository|name)';
const field = new RegExp(`/(?:${NAMED}|[A-Za-z]*[iI]mage/${PART})$`);
/** Names of images inside of a larger value, which may be cut, and images that are objects: also those of volumes. */
const inside = new RegExp(`"${NAMED}":(?:"([^"]+)"|(\\{[^{}]*))`, 'g');
const parts = new RegExp(`"${PART}":"([^"]+)"`, 'g');

function placesIn({ path, before, after }: FieldChange, value = ''): string[] {
  // A field of which no value is shown, such as a hidden one.
  if (before === undefined && after === undefined && field.test(path)) return ['one that is not shown'];
  // As if the field stood in a larger value.
  const whole = field.test(path) ? `"image":${value}` : value;
  return [...whole.matchAll(inside)].flatMap(([, name, object]) => {
    const named = name ?? [...(object ?? '').matchAll(parts)].map(([, one]) => one).join('/');
    return named === '' ? [] : [imageName(named)];
  });
}
