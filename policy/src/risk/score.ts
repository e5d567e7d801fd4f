import type { Effect, FieldChange, RiskLevel, RiskPart } from '@sentinel/crds';
import { MASK } from '../data/secrets.ts';
import { compareRisk, higher } from '../verdict/order.ts';
import { part, partForEach } from './part.ts';
import { type Budgets, partsOfBudgets } from './parts/budgets.ts';
import { partsOfExposure } from './parts/exposure.ts';
import { type History, partsOfHistory } from './parts/history.ts';
import { partsOfHosts, type ReachedHost } from './parts/hosts.ts';
import { partsOfImages } from './parts/images.ts';
import { type ModelOpinion, partsOfOthers } from './parts/levels.ts';
import { partsOfPlaces } from './parts/places.ts';
import { partsOfPods } from './parts/pods.ts';
import { partsOfPrograms } from './parts/programs.ts';
import { partsOfSecurity } from './parts/security.ts';
import { partsOfWrites } from './parts/writes.ts';
import { riskThresholds } from './rules.ts';
import { count } from './words.ts';

/** The input for the risk of a plan. Omitted fields add nothing. */
export interface RiskFacts {
  readonly effects: readonly Effect[];
  /** The effects as people may see them: no sentence names more. All of each when left out. */
  readonly shown?: readonly Effect[];
  readonly undeclared: readonly string[];
  readonly notObservable: readonly string[];
  readonly environment: string | undefined;
  readonly floor: RiskLevel | undefined;
  /** What rules about high risk say of the effects. */
  readonly raised?: readonly RiskPart[];
  /** What the commands of the steps ask a person for, in sentences. */
  readonly asks?: readonly string[];
  /** Whether the action has ad-hoc steps, which nobody has reviewed before. */
  readonly ownSteps?: boolean;
  /** Whether the Playbook has a rollback. */
  readonly hasRollback?: boolean;
  readonly budgets?: Budgets;
  /** The hosts outside of the cluster that the plan reaches. */
  readonly hosts?: readonly ReachedHost[];
  readonly history?: History;
  /** The opinion of a model about the plan: it can only raise the risk. */
  readonly opinion?: ModelOpinion;
}

/** The risk of a plan: the score, its parts (the largest first), and the level. */
export interface Risk {
  readonly level: RiskLevel;
  readonly score: number;
  readonly parts: RiskPart[];
}

const ASKS = 8;
const OWN_STEPS = "the steps are the action's own: nobody has approved this way of doing it";

/**
 * The risk of a plan by the table in rules.ts, which docs/risk.md shows. The score is the sum of the points of all parts; the
 * level is what the score comes to, or the highest level of a part if that is higher. No part takes anything away, so one more
 * effect, doubt, ask, policy or opinion never makes a plan less risky.
 */
export function computeRisk(facts: RiskFacts): Risk {
  const { effects } = facts;
  const parts = [
    ...partsOfWrites(effects, facts.hasRollback),
    ...partsOfPlaces(effects, facts.environment),
    ...partsOfSecurity(effects),
    ...partsOfImages(effects, facts.shown),
    ...partsOfPrograms(effects),
    ...partsOfExposure(effects),
    ...partsOfPods(effects),
    ...(facts.budgets ? partsOfBudgets(effects, facts.budgets) : []),
    ...partsOfHosts(facts.hosts ?? []),
    ...(facts.history && effects.length > 0 ? partsOfHistory(facts.history) : []),
    ...partsOfDoubt(facts),
    ...partsOfOthers(facts.raised ?? [], facts.floor, facts.opinion),
  ];
  return sumParts(parts);
}

/** What parts come to: their order, their sum, and the level. */
export function sumParts(unsorted: readonly RiskPart[]): Risk {
  const parts = unsorted.toSorted(byWeight);
  const score = parts.reduce((sum, { points }) => sum + points, 0);
  return { level: parts.reduce((worst, one) => higher(worst, one.level ?? 'Low'), levelOf(score)), score, parts };
}

function partsOfDoubt({ effects, undeclared, notObservable, asks = [], ownSteps, shown = [] }: RiskFacts): RiskPart[] {
  const cut = shown.reduce((sum, effect) => sum + cutFields(effect), 0);
  const masked = shown.reduce((sum, effect, index) => sum + maskedFields(effect, effects[index]), 0);
  return [
    ...part(
      'undeclared',
      undeclared.length,
      `${count(undeclared.length, 'difference')} between what was announced and what was observed`,
    ),
    ...part('not-observable', notObservable.length, `${count(notObservable.length, 'thing')} that a rehearsal cannot know`),
    ...part('not-shown', cut, `${count(cut, 'field')} of which the plan does not show all that changes`),
    ...part('hidden', masked, `${count(masked, 'field')} with a new value that is hidden because it looks like a secret`),
    ...partForEach('commands', ownSteps ? [OWN_STEPS, ...asks] : asks, ASKS),
  ];
}

// A field that is hidden for its name is a credential, and counts as one.
function maskedFields({ change = [] }: Effect, observed: Effect | undefined): number {
  const before = new Set(observed?.change?.filter(({ redacted }) => redacted).map(({ path }) => path));
  return change.filter((one) => one.redacted && hidesNew(one) && !before.has(one.path)).length;
}

// Values that policy never shows in plans are not an additional risk for approvers.
const hidesNew = ({ after = '', lines = '' }: FieldChange) => after.includes(MASK) || lines.includes(MASK);

// Plans of older versions count what they cut, and do not mark it.
const cutFields = ({ change = [], hiddenChanges = 0 }: Effect) => Math.max(hiddenChanges, change.filter(({ cut }) => cut).length);

/** What a score comes to by the thresholds alone. */
export const levelOf = (score: number): RiskLevel =>
  (['Critical', 'High', 'Medium'] as const).find((level) => score >= riskThresholds[level]) ?? 'Low';

// What sets the level stands first. A part without a level is of none, and so below Low.
const byWeight = (a: RiskPart, b: RiskPart): number => rank(b) - rank(a) || b.points - a.points;
const rank = ({ level }: RiskPart): number => (level === undefined ? -1 : compareRisk(level, 'Low'));
