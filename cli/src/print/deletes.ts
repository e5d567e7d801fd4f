import type { DependantKind, Effect, FieldChange } from '@sentinel/crds';
import { mayHoldData } from '@sentinel/policy';
import { dotted, fieldLines, inShort, type View } from '../terminal/fields.ts';
import { visible } from '../terminal/visible.ts';
import { expandMaps } from './expand.ts';

/** How many fields of a deleted object are shown without `--full`, and how many names of dependants of one kind. */
const FIELDS = 6;
const NAMES = 3;

/**
 * Deletes in the form in which they are compared with each other: without the removed fields and the names of dependants. `--full` shows
 * the differences between deleted objects.
 */
export function withoutContent(effect: Effect): Effect {
  if (effect.verb !== 'delete') return effect;
  const { change: _, more: __, deletion, ...rest } = effect;
  const dependants = deletion?.dependants?.map(({ names: ___, ...kind }) => kind);
  return { ...rest, ...(deletion ? { deletion: { ...deletion, ...(dependants ? { dependants } : {}) } } : {}) };
}

/** The objects of a group that a line is about. */
type Whom = 'one' | 'each';

/** What a delete removes, and which dependants are deleted with it. `all` are the deletes of similar objects, each with its fields. */
export function deleteLines(all: readonly Effect[], view: View): string[] {
  const { paint } = view;
  const fields = all.map(fieldsOf);
  const [first = []] = fields;
  const [effect] = all;
  const total = fields.reduce((sum, { length }) => sum + length, 0);
  const lines = [paint('red', '      - the whole object')];
  if (view.full && all.length === 1) lines.push(...first.flatMap((field) => fieldLines(field, view)));
  else if (total > 0 && !view.full) lines.push(...foldedLines(all.length === 1 ? first : [], total, all.length, view));
  const whom: Whom = all.length > 1 ? 'each' : 'one';
  return [...lines, ...(effect?.deletion?.dependants ?? []).flatMap((kind) => dependantLine(kind, whom, view))];
}

function foldedLines(fields: readonly FieldChange[], total: number, objects: number, view: View): string[] {
  const short = fields.flatMap((field) => {
    const words = inShort(turn(field));
    return words === undefined || field.before === undefined ? [] : [`      - ${dotted(field.path)}: ${words}`];
  });
  const shown = short.slice(0, FIELDS);
  const left = total - shown.length;
  if (left === 0) return shown.map((line) => view.paint('red', line));
  const of = objects === 1 ? '' : ` of ${objects} objects`;
  const more = shown.length > 0 ? ' more' : '';
  view.onFold?.(`${left}${more} removed ${left === 1 ? 'field' : 'fields'}${of}`);
  return [
    ...shown.map((line) => view.paint('red', line)),
    view.paint('yellow', `      … ${left}${more} ${left === 1 ? 'field' : 'fields'}${of}; see all with --full`),
  ];
}

// The name of the object is printed above; the spec comes before the labels.
function fieldsOf(effect: Effect): FieldChange[] {
  const said = new Set(['/apiVersion', '/kind', '/metadata/name', '/metadata/namespace']);
  const others = (expandMaps(turned(effect)).change ?? []).map(turn).filter(({ path }) => !said.has(path));
  const isMetadata = ({ path }: FieldChange) => path.startsWith('/metadata');
  return [...others.filter((one) => !isMetadata(one)), ...others.filter(isMetadata)];
}

// Removed values are expanded in the same way as added values.
const turned = (effect: Effect): Effect => ({ ...effect, change: (effect.change ?? []).map(turn) });
const turn = ({ before, after, ...rest }: FieldChange): FieldChange => ({
  ...rest,
  ...(before === undefined ? {} : { after: before }),
  ...(after === undefined ? {} : { before: after }),
});

function dependantLine({ apiGroup, resource, kind, count, names = [] }: DependantKind, whom: Whom, view: View): string[] {
  const data = mayHoldData({ apiGroup, resource });
  // The note counts the remaining names.
  if (!data && !view.full) return [];
  const shown = whom === 'each' ? [] : view.full ? names : names.slice(0, NAMES);
  const more = count - shown.length;
  const listed = shown.length === 0 ? '' : `: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const text = `      - with ${whom === 'each' ? 'each' : 'it'} ${count} ${kind}${listed}${data ? ' (may hold data)' : ''}`;
  return [view.paint('red', visible(text))];
}
