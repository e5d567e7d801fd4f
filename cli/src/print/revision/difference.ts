import { type Effect, effectNumber, type FieldChange } from '@sentinel/crds';
import { comparePlans } from '@sentinel/policy';
import type { Review } from '../../read.ts';
import type { View } from '../../terminal/fields.ts';
import { visible } from '../../terminal/visible.ts';
import { objectOf } from '../effects.ts';

/** How many effects and how many fields of one effect are listed without `--full`. */
const SHOWN = { effects: 12, fields: 8 };
const VALUE = 80;

/** The difference of a plan to the one before the last edit of its action; no lines if there was none. CHANGES shows the whole plan. */
export function differenceLines({ previous, plan }: Review, { paint, full, onFold }: View): string[] {
  if (!previous) return [];
  const title = `${paint('bold', 'DIFFERENCE')}  (to the plan before, ${previous.digest})`;
  if (!previous.plan)
    return [title, paint('yellow', '  that plan is gone, or was altered: look at all of this one as if it were the first'), ''];
  const { added, removed, changed, same, others } = comparePlans(previous.plan.spec, plan.spec);
  const lines = [
    ...others.map((other) => [paint('yellow', `  ${visible(other)}`)]),
    ...removed.map((effect) => [paint('red', `  - ${written(effect)}   (not in this plan any more)`)]),
    ...added.map((effect) => [paint('green', `  + ${numbered(effect)}`)]),
    ...changed.map(({ before, after }) => [`  ~ ${numbered(after)}`, ...fieldLines(before, after, full)]),
  ];
  const shown = full ? lines : lines.slice(0, SHOWN.effects);
  const left = lines.length - shown.length;
  if (left > 0) onFold?.(`DIFFERENCE: ${left} of ${lines.length} entries`);
  return [
    title,
    ...shown.flat(),
    ...(left > 0 ? [`  … and ${left} more`] : []),
    lines.length === 0 ? '  none: the plan would do the same' : `  ${same} ${same === 1 ? 'effect is' : 'effects are'} the same`,
    '',
  ];
}

const written = (effect: Effect) => `${visible(effect.verb)} ${objectOf(effect)}`;
const numbered = (effect: Effect) => `${effectNumber(effect.index)}. ${written(effect)}`;

function fieldLines(before: Effect, after: Effect, full: boolean): string[] {
  const earlier = new Map((before.change ?? []).map((change) => [change.path, valueIn(change)]));
  const now = new Map((after.change ?? []).map((change) => [change.path, valueIn(change)]));
  const verb = before.verb === after.verb ? [] : [`      ${visible(after.verb)} instead of ${visible(before.verb)}`];
  const rows = [...new Set([...earlier.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [earlier.get(path), now.get(path)];
    if (was === is) return [];
    const where = path === '' ? '(whole object)' : visible(path);
    if (is === undefined) return [`      ${where}: not changed any more`];
    return [`      ${where}: ${is}${was === undefined ? '   (not changed before)' : ` instead of ${was}`}`];
  });
  if (rows.length === 0) return [...verb, '      the digest of the complete change differs: see CHANGES'];
  const shown = full ? rows : rows.slice(0, SHOWN.fields);
  return [...verb, ...shown, ...(rows.length > shown.length ? [`      … and ${rows.length - shown.length} more fields`] : [])];
}

// Long values are cut: the whole value is in CHANGES.
function valueIn({ after, lines, redacted }: FieldChange): string {
  if (redacted) return '(redacted)';
  const text = visible((lines ?? after ?? '(removed)').replaceAll('\n', ' '));
  return text.length > VALUE ? `${text.slice(0, VALUE).toWellFormed()}…` : text;
}
