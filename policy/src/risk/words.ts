import type { Effect } from '@sentinel/crds';

const NAMED = 3;
const NAME = 60;

/** The resource of an effect, without its subresource. */
export const baseOf = ({ resource }: Pick<Effect, 'resource'>): string => resource.split('/')[0] ?? '';

/** Names an object for a person: "deployments 'web'". */
export const objectName = ({ resource, name }: Pick<Effect, 'resource' | 'name'>): string => `${cut(resource)} '${cut(name)}'`;

// What is said of the objects stands behind their names, and must not be cut off with them.
const cut = (name: string) => (name.length <= NAME ? name : `${name.slice(0, NAME - 1).toWellFormed()}…`);

/** The same for all writes to one object, whatever subresource they go to. */
export const objectKey = (effect: Effect): string =>
  JSON.stringify([effect.apiGroup, baseOf(effect), effect.namespace ?? '', effect.name]);

/** The writes by name, the first few of them: "patch deployments 'web', delete pods 'a' and 2 more". */
export function namesOf(effects: readonly Effect[]): string {
  const different = new Map(effects.map((effect) => [`${effect.verb} ${effect.resource} ${objectKey(effect)}`, effect]));
  return shortList([...different.values()].map((effect) => `${effect.verb} ${objectName(effect)}`));
}

/** The first few of a list, and how many more there are. */
export function shortList(texts: readonly string[]): string {
  const more = texts.length - NAMED;
  return `${texts.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A number with its noun: "1 pod", "3 pods". */
export const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
