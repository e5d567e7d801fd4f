import { type EffectState, unpackStates } from './effect-states.ts';
import type { RunStatement, Statement } from './statement.ts';

/** How the effects of a run stand by a statement, in their order. */
export const statedStates = ({ effects = '' }: RunStatement): readonly EffectState[] => unpackStates(effects) ?? [];

/** How many effects are in a state. */
export const count = (states: readonly EffectState[], state: EffectState) => states.filter((one) => one === state).length;

/** What the gateway says of an effect in each state, as the end of a sentence. */
export const meanings: Readonly<Record<EffectState, string>> = {
  D: 'was carried out and stays',
  U: 'was sent, and its outcome is unknown',
  A: 'was accepted as it is stored',
  B: 'was carried out; a person ordered its rollback, and it was not restored',
  r: 'was carried out and is restored',
  u: 'was found as it was before the run',
  '.': 'was not carried out',
};
/** Describes a statement about a run. */
export function describeRun(statement: RunStatement): string {
  if (statement.job === undefined) return 'it was not run, and is not run any more';
  const states = statedStates(statement);
  const counted = (Object.keys(meanings) as EffectState[])
    .filter((state) => count(states, state) > 0)
    .map((state) => `${count(states, state)} of ${states.length} ${summaries[state]}`);
  return [
    `Job ${statement.job} ran it`,
    ...counted,
    ...(statement.blocked ? ['it was blocked'] : []),
    ...(statement.verified ? ['its checks succeeded'] : statement.checks ? ['its checks were not seen to succeed'] : []),
  ].join('; ');
}

/** Describes a statement. Does not verify it. */
export const describeStatement = (statement: Statement): string =>
  statement.kind === 'Run'
    ? describeRun(statement)
    : `the rehearsal of Job ${statement.job} as account ${statement.account} saw ${statement.effects} ${statement.effects === 1 ? 'effect' : 'effects'}`;

const summaries: Readonly<Record<EffectState, string>> = {
  D: 'effects carried out',
  U: 'effects with an unknown outcome',
  A: 'effects accepted as stored',
  B: 'effects whose rollback a person ordered and that were not restored',
  r: 'effects restored',
  u: 'effects found as they were before',
  '.': 'effects not carried out',
};
