import type { Effect, RiskLevel, RiskPart } from '@sentinel/crds';
import { compareRisk, higher } from '../order.ts';
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

/** What the risk of a plan is computed from. What is left out adds nothing. */
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
  /** Whether the steps are the action's own, which nobody has approved as a way of doing it. */
  readonly ownSteps?: boolean;
  /** Whether the Playbook has a way back. */
  readonly wayBack?: boolean;
  readonly budgets?: Budgets;
  /** The hosts outside of the cluster that the plan reaches. */
  readonly hosts?: readonly ReachedHost[];
  readonly history?: History;
  /** What a model makes of the plan: it can only raise. */
  readonly opinion?: ModelOpinion;
}

/** The risk of a plan: a sum, its parts (the weightiest first), and what it comes to. */
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
    ...partsOfWrites(effects, facts.wayBack),
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
  ].sort(byWeight);
  const score = parts.reduce((sum, { points }) => sum + points, 0);
  return { level: parts.reduce((worst, one) => higher(worst, one.level ?? 'Low'), levelOf(score)), score, parts };
}

function partsOfDoubt({ undeclared, notObservable, asks = [], ownSteps }: RiskFacts): RiskPart[] {
  return [
    ...part(
      'undeclared',
      undeclared.length,
      `${count(undeclared.length, 'difference')} between what was announced and what was observed`,
    ),
    ...part('not-observable', notObservable.length, `${count(notObservable.length, 'thing')} that a rehearsal can not know`),
    ...partForEach('commands', ownSteps ? [OWN_STEPS, ...asks] : asks, ASKS),
  ];
}

/** What a score comes to by the thresholds alone. */
export const levelOf = (score: number): RiskLevel =>
  (['Critical', 'High', 'Medium'] as const).find((level) => score >= riskThresholds[level]) ?? 'Low';

// What sets the level stands first. A part without a level is of none, and so below Low.
const byWeight = (a: RiskPart, b: RiskPart): number => rank(b) - rank(a) || b.points - a.points;
const rank = ({ level }: RiskPart): number => (level === undefined ? -1 : compareRisk(level, 'Low'));
