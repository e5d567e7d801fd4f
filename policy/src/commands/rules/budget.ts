/** The steps that may still be taken to compare commands with rules; below zero there are none. */
export interface MatchBudget {
  left: number;
}

/**
 * How much the commands of one action may cost to compare with the rules of all policies: one step for each rule that may be about a
 * command, and one for each way to read a command that has options or unknown words. A step takes about 150 ns. Without
 * this bound, a user who writes policies and creates actions in one namespace could keep every program that judges them busy for minutes.
 * Ordinary actions take some thousand steps. Steps are counted, not time: the same action is judged alike on every machine.
 */
export const matchBudget = (): MatchBudget => ({ left: 4_000_000 });
