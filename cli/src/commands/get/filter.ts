import { type AgentAction, RiskLevel, type State, states } from '@sentinel/crds';
import { stateOf } from '../../read.ts';
import { UsageError } from '../../usage-error.ts';

export interface FilterFlags {
  readonly state?: string;
  readonly risk?: string;
}

/** Which actions are shown. */
export type Filter = (action: AgentAction) => boolean;

/**
 * Reads `--state A,B` and `--risk High,Critical`; `--risk High+` is that level and those above. Words may be in any case. Throws UsageError
 * for a word that is not a state or a level.
 */
export function filterOf({ state, risk }: FilterFlags): Filter {
  const wanted =
    state === undefined ? undefined : new Set(wordsOf(state).map((word) => oneOf('--state', word, Object.keys(states))));
  const levels = risk === undefined ? undefined : new Set(wordsOf(risk).flatMap(levelsOf));
  return (action) => {
    const level = action.status?.plan?.risk;
    return (
      (wanted?.has(stateOf(action) as State) ?? true) && (levels === undefined || (level !== undefined && levels.has(level)))
    );
  };
}

const wordsOf = (text: string) => text.split(',').map((word) => word.trim());

function oneOf<T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((one) => one.toLowerCase() === word.toLowerCase());
  if (found === undefined) throw new UsageError('FlagInvalid', `${flag} knows no '${word}'; use ${known.join(', ')}`);
  return found;
}

function levelsOf(word: string): RiskLevel[] {
  const known = RiskLevel.options;
  const level = oneOf('--risk', word.replace(/\+$/, ''), known);
  return word.endsWith('+') ? known.slice(known.indexOf(level)) : [level];
}
