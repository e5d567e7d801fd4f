import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changesBetween } from './change.ts';
import { normalize } from './normalize.ts';
import type { Observation } from './observe.ts';

/** Where what the API server stored differs from what the dry-run right before showed. */
export function persistedDifferences({ api }: ParsedRequest, observed: Observation, persisted: unknown): Change[] {
  if (api.verb === 'delete') return [];
  return changesBetween(normalize(observed.result, api.resource, api.verb), normalize(persisted, api.resource, api.verb));
}
