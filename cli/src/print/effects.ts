import { count, type Effect, effectNumber, type FieldChange } from '@sentinel/crds';
import { amountOf, dotted, fieldLines, inShort, type View } from '../terminal/fields.ts';
import { visible } from '../terminal/visible.ts';
import { type AlikeObjects, groupAlike, type ObjectWrites } from './alike.ts';
import { deleteLines, withoutContent } from './deletes.ts';
import { isRemarkable, MANY, manyObjects, shortWrite } from './many.ts';

/** The object of an effect as text. */
export function objectOf(effect: Effect): string {
  const where = effect.namespace ? `${effect.namespace}/${effect.name}` : `${effect.name} (whole cluster)`;
  return visible(`${effect.kind}${effect.apiGroup === '' ? '' : `.${effect.apiGroup}`} ${where}`);
}

/** Every write, grouped by object, each field as `- before` and `+ after`; similar objects in one group, with their differences. */
export function effectLines(effects: readonly Effect[], view: View): string[] {
  const whole = new Map(effects.map((effect) => [effect.index, effect]));
  const groups = groupAlike(view.full ? effects : effects.map(withoutContent));
  const isShort = !view.full && groups.length > MANY;
  return groups.flatMap((group) => {
    if (group.objects.length > 1) return alikeLines(group, whole, view);
    const [object] = group.objects;
    const isPlain = isShort && object !== undefined && !object.effects.some(isRemarkable);
    return isPlain
      ? object.effects.map((effect) => shortWrite(effect, objectOf(effect), view))
      : objectLines(object, whole, view);
  });
}

/** The effects of a plan by their index, with all their fields. */
type Whole = ReadonlyMap<number, Effect>;

function objectLines(object: ObjectWrites | undefined, whole: Whole, view: View): string[] {
  const [first] = object?.effects ?? [];
  if (!object || !first) return [];
  return [
    `  ${view.paint('bold', objectOf(first))}`,
    ...object.effects.flatMap((effect) =>
      writeLines(effect, [whole.get(effect.index) ?? effect], String(effectNumber(effect.index)), view),
    ),
  ];
}

/** Similar objects as text: `19 ConfigMaps in shop`. */
export function alikeObjects({ objects }: AlikeObjects): string {
  const first = objects[0]?.effects[0];
  return first === undefined ? '' : manyObjects(objects.length, first);
}

function alikeLines(group: AlikeObjects, whole: Whole, view: View): string[] {
  const { objects, differing, naming, differs } = group;
  const [first] = objects;
  if (!first) return [];
  const paths = new Set(
    first.effects.flatMap(({ change = [] }, write) =>
      change.filter((_, at) => differing[write]?.has(at)).map(({ path }) => dotted(path)),
    ),
  );
  const title = `${alikeObjects(group)}, alike except for name${differs ? ` and ${[...paths].join(', ')}` : ''}`;
  return [
    `  ${view.paint('bold', title)}`,
    ...first.effects.flatMap((effect, write) =>
      writeLines(
        { ...effect, change: (effect.change ?? []).filter((_, at) => !differing[write]?.has(at) && !naming[write]?.has(at)) },
        objects.flatMap(({ effects }) => effects[write] ?? []).map((one) => whole.get(one.index) ?? one),
        inRanges(objects.map(({ effects }) => effectNumber(effects[write]?.index ?? 0))),
        view,
      ),
    ),
    ...(differs ? ['    each of them:', ...differences(group, view)] : [`    ${names(objects)}`]),
  ];
}

// 1, 2, 3, 5 as 1-3, 5.
function inRanges(numbers: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

const names = (objects: readonly ObjectWrites[]) => visible(objects.map(({ name }) => name).join(', '));

// The differences of each object: as a short text if possible, otherwise with `--full`.
function differences(group: AlikeObjects, view: View): string[] {
  const single = group.differing.reduce((sum, { size }) => sum + size, 0) === 1;
  const described = group.objects.map((object) => {
    const fields = object.effects.flatMap(({ change = [] }, write) => change.filter((_, at) => group.differing[write]?.has(at)));
    const words = fields.map((field) => {
      const short = inShort(field);
      return {
        field,
        isShort: short !== undefined,
        text: `${single && short !== undefined ? '' : `${dotted(field.path)} `}${short ?? amountOf(field)}`,
      };
    });
    return { name: visible(object.name), words };
  });
  if (described.every(({ words }) => words.every(({ isShort }) => isShort)))
    return packed(described.map(({ name, words }) => `${name}: ${words.map(({ text }) => text).join(', ')}`)).map(
      (line) => `      ${line}`,
    );
  if (view.full)
    return described.flatMap(({ name, words }) => [
      `    ${view.paint('bold', name)}`,
      ...words.flatMap(({ field }) => fieldLines(field, view)),
    ]);
  for (const [at, { name, words }] of described.entries()) {
    const numbers = inRanges(group.objects[at]?.effects.map(({ index }) => effectNumber(index)) ?? []);
    const long = words.filter(({ isShort }) => !isShort).map(({ field }) => `${dotted(field.path)}: ${amountOf(field)}`);
    view.onFold?.(`${numbers}. ${name} ${long.join(', ')}`);
  }
  return [
    ...described.map(({ name, words }) => `      ${name}: ${words.map(({ text }) => text).join(', ')}`),
    view.paint('yellow', '      … see what changes in each of them with --full'),
  ];
}

const WIDTH = 96;

// Puts as many entries into a line as fit.
function packed(entries: readonly string[]): string[] {
  const width = Math.max(...entries.map(({ length }) => length)) + 3;
  const columns = Math.max(1, Math.floor(WIDTH / width));
  return Array.from({ length: Math.ceil(entries.length / columns) }, (_, row) =>
    entries
      .slice(row * columns, (row + 1) * columns)
      .map((entry) => entry.padEnd(width))
      .join('')
      .trimEnd(),
  );
}

function writeLines(effect: Effect, all: readonly Effect[], numbers: string, outer: View): string[] {
  const view = inside(outer, `${numbers}. ${objectOf(effect)}`);
  const { paint } = view;
  const declared = effect.origin === 'Declared' ? '   (declared by the Playbook, not observed)' : '';
  const subresource = effect.resource.includes('/') ? ` ${effect.resource}` : '';
  const lines = [
    `    ${numbers}. ${paint(effect.verb === 'delete' ? 'red' : 'reset', visible(effect.verb + subresource))}${declared}`,
  ];
  if (effect.verb === 'delete') lines.push(...deleteLines(all, view));
  // For similar deletes, only the fields that are equal in all of them are printed here.
  if (effect.verb !== 'delete' || (view.full && all.length > 1))
    for (const change of effect.change ?? []) if (!isSaid(effect, change)) lines.push(...fieldLines(change, view));
  if (effect.hiddenChanges)
    lines.push(
      paint(
        'red',
        `      ! CUT: ${count(effect.hiddenChanges, 'changed field')} ${effect.hiddenChanges === 1 ? 'is' : 'are'} not shown, or not in full`,
      ),
    );
  if (!effect.reversible) lines.push(paint('red', '      ! cannot be restored'));
  for (const note of effect.notes ?? []) lines.push(paint('yellow', `      ! ${visible(note)}`));
  return lines;
}

/** A view that reports omitted parts together with the name of their object. */
const inside = (view: View, object: string): View => ({ ...view, onFold: (what) => view.onFold?.(`${object} ${what}`) });

// The name of a new object is printed above its fields.
function isSaid({ kind, namespace, name }: Effect, { path, before, after }: FieldChange): boolean {
  const said = new Map<string, string | undefined>([
    ['/kind', kind],
    ['/metadata/namespace', namespace],
    ['/metadata/name', name],
  ]).get(path);
  return (
    said !== undefined && [before, after].filter((value) => value !== undefined).every((value) => value === JSON.stringify(said))
  );
}
