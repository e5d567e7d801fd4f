import type { Decision } from '@sentinel/crds';
import { stricter } from '../../verdict/order.ts';

/** What a rule or a built-in line said. */
export interface CommandReason {
  /** The policy, or `Sentinel` for what is built in. */
  readonly policy: string;
  /** The rule, such as `commands[3]`, or the built-in line, such as `dangerous.rm-force`. */
  readonly rule: string;
  readonly decision: Decision;
  /** Which of the commands it speaks of; undefined when it speaks of the whole. */
  readonly command?: number;
  /** The tokens that matched. */
  readonly matched: readonly string[];
  /** False when it matches only if an unresolved word, or an option, is read in one of several ways. */
  readonly certain: boolean;
  readonly message: string;
  /** The command, or the part of it, that the message quotes. */
  readonly quote: string;
  readonly justification?: string;
  /** What would have been allowed, or who can allow it. */
  readonly remedy: string;
}

/** As many reasons of one decision are kept of a command line: a script of 1,000 commands under 256 rules has a quarter of a million. */
const KEPT = 100;

/** What is said of a command line. All of it decides; the first of each decision are kept, for people. */
export interface Reasons {
  readonly kept: CommandReason[];
  readonly room: Record<Decision, number>;
  /** How many were given, kept or not. */
  given: number;
  decision: Decision;
}

export const newReasons = (): Reasons => ({
  kept: [],
  room: { Allow: KEPT, RequireApproval: KEPT, Deny: KEPT },
  given: 0,
  decision: 'Allow',
});

/** Counts a reason; its words are made only where there is room for them. */
export function give(reasons: Reasons, decision: Decision, inWords: () => CommandReason): void {
  reasons.given += 1;
  reasons.decision = stricter(reasons.decision, decision);
  if (reasons.room[decision] === 0) return;
  reasons.room[decision] -= 1;
  reasons.kept.push(inWords());
}
