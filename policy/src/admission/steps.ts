import type { AgentActionSpec, PlaybookSpec, Step } from '@sentinel/crds';
import { type CommandReason, type CommandVerdict, type CompiledCommands, judgeCommand, matchBudget } from '../commands/index.ts';
import type { Saying } from '../data/keep.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { fillSteps, resolveParameters } from './parameters.ts';

/** The evaluation of the commands of an action. */
export interface StepsVerdict {
  readonly refusals: readonly Refusal[];
  /** The reasons for a person: rules that require approval, dangerous commands, commands that cannot be parsed. */
  readonly asks: readonly { readonly step: string; readonly reason: CommandReason }[];
}

/** Evaluates the command of each step, parameters filled in, with the rules of all policies that have rules about commands. */
export function judgeSteps(set: PolicySet, steps: readonly Step[]): StepsVerdict {
  const rules = rulesOf(set);
  const budget = matchBudget();
  const verdicts = steps.map((step) => ({ step: step.name, verdict: judgeBy(rules, step, budget) }));
  const reasons = verdicts.flatMap(({ step, verdict }) => verdict.reasons.map((reason) => ({ step, reason })));
  return {
    refusals: reasons.filter(({ reason }) => reason.decision === 'Deny').map(({ step, reason }) => refusalOf(step, reason)),
    asks: reasons.filter(({ reason }) => reason.decision === 'RequireApproval'),
  };
}

/** What an action says that its commands depend on. */
type Asking = Pick<AgentActionSpec, 'parameters' | 'rollbackOf'>;

/** The reasons why the commands of a Playbook need a person, parameters filled in, as sentences. */
export function asksOf(set: PolicySet, playbook: PlaybookSpec, asking: Asking): string[] {
  return askedOf(set, playbook, asking).map(({ message }) => message);
}

/** The same, with the commands that the sentences quote. Those of a rollback are Sentinel's own. */
export function askedOf(set: PolicySet, playbook: PlaybookSpec, { parameters, rollbackOf }: Asking): Saying[] {
  if (rollbackOf) return [];
  const { values } = resolveParameters(playbook, parameters);
  const steps = [...playbook.steps, ...(playbook.verify ?? [])];
  return judgeSteps(set, fillSteps(steps, values)).asks.map(({ step, reason }) => sayingOf(step, reason));
}

/** The whole verdict about one step: its simple commands, and every rule that applies. */
export function judgeStep(set: PolicySet, step: Pick<Step, 'command' | 'env'>): CommandVerdict {
  return judgeBy(rulesOf(set), step);
}

const rulesOf = (set: PolicySet): readonly CompiledCommands[] => set.policies.flatMap(({ commands }) => commands ?? []);

const judgeBy = (
  rules: readonly CompiledCommands[],
  { command, env = [] }: Pick<Step, 'command' | 'env'>,
  budget = matchBudget(),
): CommandVerdict =>
  judgeCommand(
    rules,
    command,
    env.map(({ name, value }) => `${name}=${value}`),
    budget,
  );

const refusalOf = (step: string, reason: CommandReason): Refusal => ({
  code: 'CommandDenied',
  policy: reason.policy,
  rule: reason.rule,
  ...sayingOf(step, reason),
});

const sayingOf = (step: string, { message, quote, justification }: CommandReason) => ({
  message: `step '${step}': ${message}${justification === undefined ? '' : `: ${justification}`}`,
  quote,
});
