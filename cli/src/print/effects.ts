import type { Effect, FieldChange } from '@sentinel/crds';
import { structuredPatch } from 'diff';
import type { Paint } from './paint.ts';
import { visible } from './visible.ts';

/** The object of an effect, in the words of a person. */
export function objectOf(effect: Effect): string {
  const where = effect.namespace ? `${effect.namespace}/${effect.name}` : `${effect.name} (whole cluster)`;
  return visible(`${effect.kind}${effect.apiGroup === '' ? '' : `.${effect.apiGroup}`} ${where}`);
}

/** Every write, grouped by object, each field as `- before` and `+ after`. */
export function effectLines(effects: readonly Effect[], paint: Paint): string[] {
  const groups = Map.groupBy(effects, objectOf);
  return [...groups].flatMap(([object, list]) => [
    `  ${paint('bold', object)}`,
    ...list.flatMap((one) => writeLines(one, paint)),
  ]);
}

function writeLines(effect: Effect, paint: Paint): string[] {
  const declared = effect.origin === 'Declared' ? '   (declared by the Playbook, not observed)' : '';
  const subresource = effect.resource.includes('/') ? ` ${effect.resource}` : '';
  const lines = [
    `    ${effect.index + 1}. ${paint(effect.verb === 'delete' ? 'red' : 'reset', visible(effect.verb + subresource))}${declared}`,
  ];
  if (effect.verb === 'delete') lines.push(paint('red', '      - the whole object'));
  for (const change of effect.change ?? []) lines.push(...changeLines(change, paint));
  if (effect.hiddenChanges)
    lines.push(paint('yellow', `      ! ${effect.hiddenChanges} more field(s) change that are not shown here in full`));
  if (!effect.reversible) lines.push(paint('red', '      ! cannot be restored'));
  for (const note of effect.notes ?? []) lines.push(paint('yellow', `      ! ${visible(note)}`));
  return lines;
}

function changeLines(change: FieldChange, paint: Paint): string[] {
  const marks = [
    change.volatile && `volatile: a ${change.volatile.toLowerCase()}, another one in the real run`,
    change.redacted && 'redacted: the values are hidden, the digest covers them',
  ].filter((mark) => typeof mark === 'string');
  const path = visible(change.path === '' ? '(whole object)' : change.path);
  return [
    `      ${path}${marks.length > 0 ? paint('yellow', `   (${visible(marks.join('; '))})`) : ''}`,
    ...valueLines(change).map((line) => paintLine(line, paint)),
  ];
}

function paintLine(line: string, paint: Paint): string {
  const text = `        ${line}`;
  if (line.startsWith('-')) return paint('red', text);
  return line.startsWith('+') ? paint('green', text) : text;
}

/** The values of a change. Texts of several lines are compared by line; objects that come or go are written out. */
function valueLines({ before, after }: FieldChange): string[] {
  const [old, young] = [parsed(before), parsed(after)];
  if (typeof old === 'string' && typeof young === 'string' && `${old}${young}`.includes('\n')) {
    return structuredPatch('', '', old, young, '', '', { context: 2 }).hunks.flatMap(({ lines }) =>
      lines.filter((line) => !line.startsWith('\\')).map((line) => `${line.slice(0, 1)} ${visible(line.slice(1))}`),
    );
  }
  return [...signed('-', before, old), ...signed('+', after, young)];
}

function signed(sign: string, text: string | undefined, value: unknown): string[] {
  if (text === undefined) return [];
  const shown = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text;
  return shown.split('\n').map((line) => `${sign} ${visible(line)}`);
}

// Long values are cut, so the JSON may end early: then its text is shown as it came.
function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
