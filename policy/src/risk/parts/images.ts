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

const field = /\/image(\/reference)?$/;
/** Names of images inside of a larger value, which may be cut: those of containers, and those of volumes. */
const inside = /"image":(?:\{[^{}]*?"reference":)?"([^"]+)"/g;
/** A volume that is an image, where its fields stand alone. */
const reference = /^\{[^{}]*?"reference":"([^"]+)"/;

function placesIn({ path, before, after }: FieldChange, value = ''): string[] {
  // A field of which no value is shown, such as a hidden one.
  if (before === undefined && after === undefined && field.test(path)) return ['one that is not shown'];
  const alone = field.test(path) ? (/^"([^"]+)"/.exec(value) ?? reference.exec(value)) : null;
  return [...(alone ? [alone] : []), ...value.matchAll(inside)].map(([, name = '']) => imageName(name));
}
