import { type ErrorTable, stateErrors } from '@sentinel/crds';
import { guardErrors, policyErrors, webhookErrors } from '@sentinel/policy/reading';
import { cliErrors } from '../cli-errors.ts';

const tables: readonly ErrorTable[] = [policyErrors, webhookErrors, guardErrors, cliErrors];

/** What to do about an error, or about an action in a state, by its code; undefined for a code that this version does not know. */
export function remedyOfCode(code: string): string | undefined {
  for (const table of tables) if (Object.hasOwn(table, code)) return table[code]?.next;
  return Object.hasOwn(stateErrors, code) ? stateErrors[code as keyof typeof stateErrors] : undefined;
}

/** A rule that refused, and the policy that has it: `AgentPolicy/shop`, or `Sentinel` for what is built in. */
export interface RuleNamed {
  readonly policy: string;
  readonly rule: string;
}

// How `explain` of the policy package ends the sentence about a refusal.
const NAMED = /\(((?:Cluster)?AgentPolicy\/[a-z0-9.-]+|Sentinel): ([^()]*(?:\([^()]*\)[^()]*)*)\)/g;

/** The rules that a message of Sentinel names, each once. The message is for people: nothing is decided by what is found here. */
export function rulesIn(message: string): RuleNamed[] {
  const found = [...message.matchAll(NAMED)].map(([, policy = '', rule = '']) => ({ policy, rule }));
  return [...new Map(found.map((one) => [`${one.policy} ${one.rule}`, one])).values()];
}
