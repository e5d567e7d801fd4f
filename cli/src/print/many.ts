import { type Effect, effectNumber } from '@sentinel/crds';
import { dotted, inShort, type View } from '../terminal/fields.ts';
import { visible } from '../terminal/visible.ts';

/** From this number of objects on, a plan shows each in a line, unless all of it is asked for. */
export const MANY = 20;

const FIELDS_SHOWN = 2;

/** A number of objects of a kind, as text: `19 ConfigMaps in shop`. */
export function manyObjects(
  number: number,
  { kind, apiGroup, namespace }: Pick<Effect, 'kind' | 'apiGroup' | 'namespace'>,
): string {
  const plural = /(s|x|ch|sh)$/.test(kind) ? `${kind}es` : kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  const where = namespace === undefined ? '(whole cluster)' : `in ${namespace}`;
  return visible(`${number} ${number === 1 ? kind : plural}${apiGroup === '' ? '' : `.${apiGroup}`} ${where}`);
}

/** What a large plan does, as numbers: a line for each verb and kind of object, the most first. */
export function numbersOf(effects: readonly Effect[]): string[] {
  const key = ({ verb, resource, apiGroup, kind, namespace }: Effect) =>
    JSON.stringify([verb, resource.split('/')[1] ?? '', apiGroup, kind, namespace ?? null]);
  return [...Map.groupBy(effects, key).values()]
    .sort((a, b) => b.length - a.length)
    .flatMap((list) => {
      const [first] = list;
      const objects = new Set(list.map(({ name }) => name)).size;
      const sub = first?.resource.includes('/') ? ` ${first.resource.split('/')[1] ?? ''} of` : '';
      return first ? [`${visible(first.verb + sub)} ${manyObjects(objects, first)}`] : [];
    });
}

/** Whether a write must be shown with everything that a plan says of it: a loss, a cut, an effect that was not observed, a note. */
export const isRemarkable = ({ verb, reversible, hiddenChanges, origin, notes }: Effect): boolean =>
  verb === 'delete' || !reversible || (hiddenChanges ?? 0) > 0 || origin === 'Declared' || (notes?.length ?? 0) > 0;

/** A write in one line: its first fields, and how many more there are. */
export function shortWrite(effect: Effect, object: string, view: View): string {
  const change = effect.change ?? [];
  const words = change.flatMap((field) => {
    const short = inShort(field);
    return short === undefined ? [] : [`${dotted(field.path)} ${short}`];
  });
  const shown = words.slice(0, FIELDS_SHOWN);
  const left = change.length - shown.length;
  const number = effectNumber(effect.index);
  if (left > 0) view.onFold?.(`${number}. ${object}: ${left} of ${change.length} ${change.length === 1 ? 'field' : 'fields'}`);
  const more =
    left === 0
      ? ''
      : view.paint(
          'yellow',
          `${shown.length > 0 ? ', ' : ''}${left} ${shown.length > 0 ? 'more ' : ''}${left === 1 ? 'field' : 'fields'}`,
        );
  const sub = effect.resource.includes('/') ? ` ${effect.resource}` : '';
  const what = shown.length + left === 0 ? '' : `: ${shown.join(', ')}${more}`;
  return `  ${number}. ${visible(effect.verb + sub)} ${object}${what}`;
}
