import type { Decision } from '@sentinel/crds';
import { stricter } from '../order.ts';
import type { CommandReason } from './judge.ts';

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
