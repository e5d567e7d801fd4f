import type { Effect, FieldChange } from '@sentinel/crds';
import { escapeKey, isRecord } from '../object/pointer.ts';

/** How many fields a message names, and how much of a value it quotes. */
const NAMED = 5;
const QUOTED = 80;

/** A field of an object that is deleted, as a plan shows it. */
interface Leaf {
  readonly text: string;
  /** Whether the plan holds only the beginning of it. */
  readonly isBeginning: boolean;
}

/**
 * Describes how an object that will be deleted, or the options of its deletion, differ from what was approved. Both effects are in the form
 * that people may see, so hidden values are not revealed.
 */
export function deleteDrift(approved: Effect, now: Effect): string {
  const [was, is] = [leavesOf(approved), leavesOf(now)];
  const isListed = (path: string) => approved.more === undefined || was.has(path);
  const changed = [...new Set([...was.keys(), ...is.keys()])]
    .filter((path) => isListed(path) && !isSame(was.get(path), is.get(path)))
    .map((path) => `${path} ${inWords(was.get(path), is.get(path))}`);
  if (changed.length > 0) {
    const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more fields` : '';
    return `the object has changed since it was rehearsed: ${changed.slice(0, NAMED).join(', ')}${more}`;
  }
  if (optionsOf(approved) !== optionsOf(now))
    return `it is deleted in another way: approved ${optionsOf(approved)}, attempted ${optionsOf(now)}`;
  return 'the object has changed since it was rehearsed, in a field that the plan does not show';
}

function leavesOf({ change = [] }: Effect): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const add = (path: string, value: unknown, isBeginning: boolean): void => {
    if (!isRecord(value) || Object.keys(value).length === 0)
      return void leaves.set(path, { text: JSON.stringify(value) ?? '', isBeginning });
    for (const [key, entry] of Object.entries(value)) add(`${path}/${escapeKey(key)}`, entry, isBeginning);
  };
  for (const one of change) {
    const isBeginning = one.part !== undefined || one.cut === true;
    const value = parsedValue(one);
    if (value === undefined) leaves.set(one.path, { text: one.lines ?? one.before ?? '', isBeginning });
    else add(one.path, value, isBeginning);
  }
  return leaves;
}

// A cut value is not valid JSON any more.
function parsedValue({ before, lines }: FieldChange): unknown {
  if (lines !== undefined || before === undefined) return undefined;
  try {
    return JSON.parse(before);
  } catch {
    return undefined;
  }
}

function isSame(was: Leaf | undefined, is: Leaf | undefined): boolean {
  if (!was || !is) return was === is;
  return was.isBeginning ? is.text.startsWith(was.text.replace(/…$/, '')) : was.text === is.text;
}

function inWords(was: Leaf | undefined, is: Leaf | undefined): string {
  if (!was) return `is new (${quoted(is)})`;
  if (!is) return `is gone (was ${quoted(was)})`;
  return `was ${quoted(was)}, is ${quoted(is)}`;
}

const quoted = (leaf: Leaf | undefined): string =>
  leaf === undefined || leaf.text.length > QUOTED || leaf.text.includes('\n') ? 'a long value' : leaf.text || 'a hidden value';

function optionsOf({ deletion }: Effect): string {
  const { propagation, isDefault, gracePeriodSeconds } = deletion ?? {};
  const grace = gracePeriodSeconds === undefined ? '' : `, gracePeriodSeconds ${gracePeriodSeconds}`;
  return `propagationPolicy ${propagation ?? 'unknown'}${isDefault ? ' by default' : ''}${grace}`;
}
