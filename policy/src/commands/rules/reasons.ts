import type { Decision } from '@sentinel/crds';
import { stricter } from '../../verdict/order.ts';

/** The decision of a rule or a built-in line. */
export interface CommandReason {
  /** The policy, or `Sentinel` for what is built in. */
  readonly policy: string;
  /** The rule, such as `commands[3]`, or the built-in line, such as `dangerous.rm-force`. */
  readonly rule: string;
  readonly decision: Decision;
  /** Which of the commands it applies to; undefined when it applies to the whole. */
  readonly command?: number;
  /** The tokens that matched. */
  readonly matched: readonly string[];
  /** False when it matches only if an unresolved word, or an option, is read in one of several ways. */
  readonly certain: boolean;
  readonly message: string;
  /** The command, or the part of it, that the message quotes. */
  readonly quote: string;
  readonly justification?: string;
  /** What to do next: of a denial that of its code, `CommandDenied`; empty if the rule allows. */
  readonly remedy: string;
}

/** The maximum number of reasons per decision that are kept: a script of 1,000 commands with 256 rules has a quarter of a million. */
const KEPT = 100;

/** The reasons about a command line. All of them count; only the first ones of each decision are kept as explanation. */
export interface Reasons {
  readonly kept: CommandReason[];
  readonly room: Record<Decision, number>;
  /** The total number of reasons. */
  given: number;
  decision: Decision;
}

export const newReasons = (): Reasons => ({
  kept: [],
  room: { Allow: KEPT, RequireApproval: KEPT, Deny: KEPT },
  given: 0,
  decision: 'Allow',
});

/** Counts a reason; its words are made only if there is room for them. */
export function give(reasons: Reasons, decision: Decision, inWords: () => CommandReason): void {
  reasons.given += 1;
  reasons.decision = stricter(reasons.decision, decision);
  if (reasons.room[decision] === 0) return;
  reasons.room[decision] -= 1;
  reasons.kept.push(inWords());
}
