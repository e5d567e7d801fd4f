import type { Effect, FieldChange } from '@sentinel/crds';
import { expandMaps } from './expand.ts';

/** The writes to one object, in order. */
export interface ObjectWrites {
  readonly name: string;
  readonly effects: readonly Effect[];
}

/** Objects with the same kind of write, and the fields whose values differ between them. */
export interface AlikeObjects {
  readonly objects: readonly ObjectWrites[];
  /** For each write, the positions of the fields whose values differ between the objects, except for the name. Empty for a single object. */
  readonly differing: readonly ReadonlySet<number>[];
  /** The fields that contain only the name of their object. */
  readonly naming: readonly ReadonlySet<number>[];
  /** Whether the objects differ in a field other than their name. */
  readonly differs: boolean;
}

/** From this number on, objects with the same change are shown as a group. */
const ALIKE = 3;

/**
 * The writes by object, with similar objects in groups, in the order of the plan. Objects are similar if everything except their names and
 * the values of the same fields is equal: verb, kind, namespace, paths, marks and notes. Objects with hidden or cut values are similar
 * only if their changes have the same digest.
 */
export function groupAlike(effects: readonly Effect[]): AlikeObjects[] {
  const objects = [...Map.groupBy(effects.map(expandMaps), objectKey).values()].map(
    (list): ObjectWrites => ({ name: list[0]?.name ?? '', effects: list }),
  );
  return [...Map.groupBy(objects, likeness).values()].flatMap((alike) =>
    alike.length >= ALIKE ? [together(alike)] : alike.map((one) => together([one])),
  );
}

const objectKey = ({ apiGroup, kind, namespace, name }: Effect) => JSON.stringify([apiGroup, kind, namespace ?? null, name]);

function likeness({ effects }: ObjectWrites): string {
  return JSON.stringify(
    effects.map(({ index: _, name: __, uid: ___, changeDigest, pods: ____, change, ...rest }) => [
      // Values that are not shown may differ: only the digest proves that they are equal.
      change?.some(({ redacted, cut }) => redacted || cut) ? changeDigest : null,
      Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
      change?.map(({ before, after, lines, part: _____, ...field }) => [
        Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)),
        [before, after, lines].map((value) => value !== undefined),
      ]) ?? null,
    ]),
  );
}

function together(objects: readonly ObjectWrites[]): AlikeObjects {
  const [first, ...others] = objects;
  const fieldsOf = (select: (write: number, field: number) => boolean) =>
    (first?.effects ?? []).map(
      ({ change = [] }, write) => new Set([...change.keys()].filter((field) => objects.length > 1 && select(write, field))),
    );
  const naming = fieldsOf((write, field) => objects.every((one) => isName(one, fieldOf(one, write, field))));
  const differing = fieldsOf(
    (write, field) =>
      !naming[write]?.has(field) &&
      others.some((one) => textOf(fieldOf(one, write, field)) !== textOf(first && fieldOf(first, write, field))),
  );
  return { objects, differing, naming, differs: differing.some(({ size }) => size > 0) };
}

const fieldOf = ({ effects }: ObjectWrites, write: number, field: number) => effects[write]?.change?.[field];
const textOf = (field: FieldChange | undefined) => JSON.stringify([field?.before, field?.after, field?.lines]);

// The name of each object is printed anyway.
const isName = ({ name }: ObjectWrites, field: FieldChange | undefined) =>
  field?.path === '/metadata/name' &&
  [field.before, field.after].filter((value) => value !== undefined).join() === JSON.stringify(name);
