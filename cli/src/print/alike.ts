import type { Effect, FieldChange } from '@sentinel/crds';
import { expandMaps } from './expand.ts';

/** The writes to one object, in order. */
export interface ObjectWrites {
  readonly name: string;
  readonly effects: readonly Effect[];
}

/** Objects that are written in the same way, and the fields whose values differ between them. */
export interface AlikeObjects {
  readonly objects: readonly ObjectWrites[];
  /** For each write the positions of the fields that are not the same for all objects, but for the name. Empty for a single object. */
  readonly differing: readonly ReadonlySet<number>[];
  /** The fields that say the name of their object and nothing else. */
  readonly naming: readonly ReadonlySet<number>[];
  /** Whether the objects differ in a field beside their name. */
  readonly differs: boolean;
}

/** So many objects are shown as one. */
const ALIKE = 3;

/**
 * The writes by object, and alike objects together, in the order of the plan. Objects are alike when everything but their names and the
 * values of the same fields is the same: verb, kind, namespace, paths, marks and notes. Objects with values that are hidden or cut are
 * alike only when their changes have the same digest.
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
      // What is not shown may differ: only the digest tells.
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

// The name is said of each object anyway.
const isName = ({ name }: ObjectWrites, field: FieldChange | undefined) =>
  field?.path === '/metadata/name' &&
  [field.before, field.after].filter((value) => value !== undefined).join() === JSON.stringify(name);
