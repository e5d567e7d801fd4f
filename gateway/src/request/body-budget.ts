import { isRecord } from '../object/pointer.ts';
import { Refused } from './refused.ts';

/** The maximum cost of one body or object for the gateway, which has one thread for all tenants. */
export interface BodyBudget {
  /** Values of any kind: objects, lists, texts, numbers. */
  readonly nodes: number;
  /** Objects and lists within each other. */
  readonly depth: number;
  /** Characters of the JSON pointers of all values together: long keys above many fields are written out once for each. */
  readonly pointers: number;
}

/** The budget for requests of a sandbox. The size in bytes is limited before the body is read. */
export const REQUEST_BUDGET: BodyBudget = { nodes: 50_000, depth: 100, pointers: 16 * 1024 * 1024 };

/** The budget for live objects and responses that the gateway compares. */
export const OBJECT_BUDGET: BodyBudget = { nodes: 100_000, depth: 200, pointers: 32 * 1024 * 1024 };

/** Throws Refused (413) when a parsed value costs more than the budget. One pass without recursion, which ends at the first excess. */
export function requireWithin(budget: BodyBudget, value: unknown, what: string): void {
  const open: { value: unknown; depth: number; pointer: number }[] = [{ value, depth: 0, pointer: 0 }];
  let nodes = 0;
  let pointers = 0;
  const tooMuch = (limit: string) => new Refused(413, 'BodyTooLarge', `${what} ${limit}: split it into smaller objects`);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    nodes += 1;
    pointers += next.pointer;
    if (nodes > budget.nodes) throw tooMuch(`has more than ${budget.nodes} values`);
    if (pointers > budget.pointers) throw tooMuch('has too many fields under long names');
    if (next.depth > budget.depth) throw tooMuch(`is nested more than ${budget.depth} levels deep`);
    const depth = next.depth + 1;
    if (Array.isArray(next.value)) {
      if (nodes + next.value.length > budget.nodes) throw tooMuch(`has more than ${budget.nodes} values`);
      for (const entry of next.value) open.push({ value: entry, depth, pointer: next.pointer + 6 });
    } else if (isRecord(next.value)) {
      for (const key of Object.keys(next.value))
        open.push({ value: next.value[key], depth, pointer: next.pointer + 1 + key.length });
    }
  }
}
