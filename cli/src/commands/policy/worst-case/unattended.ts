import { autoReviewAt, compareRisk, policyName } from '@sentinel/policy';
import { RISKS } from '../lint/finding.ts';
import { type Example, exampleOf, examplesOf, type Found, type Tried } from './example-action.ts';
import { commandsMayPass } from './spellings.ts';

/** An action that would start without a person. */
export interface Unattended extends Example {
  /** The lines of policies that let it through. */
  readonly letThroughBy: readonly string[];
  /** How many runs of the same must have succeeded before. */
  readonly after: number;
}

/** What starts without a person: the most harmful of it, or why nothing does. */
export interface UnattendedVerdict {
  readonly worst: Unattended | undefined;
  /** Why nothing does; empty when something does. */
  readonly why: readonly string[];
  /** Whether something might all the same: rules allow commands, and none of those that were tried is among them. */
  readonly untried?: boolean;
}

// As many names as a command may have arguments, less those around them.
const OBJECTS = 48;
const SHOWN = 3;

/**
 * The most harmful action that would start without a person: the highest risk, then the highest score, over as many objects of its
 * kind as pass. Risk only grows with what is in a plan, so that the most objects are found by halving.
 */
export function worstUnattended(tried: Tried, all: readonly Found[]): UnattendedVerdict {
  const { set } = tried;
  if (set.refusals[0]) return { worst: undefined, why: [set.refusals[0].message] };
  if (!RISKS.some((risk) => autoReviewAt(set, risk).lines.some(({ autoReview }) => autoReview)))
    return { worst: undefined, why: ['no policy says `autoReview` for any risk'] };
  const passing = all.filter(({ example }) => example.judged.requirements.autoReview).map((found) => most(tried, found));
  const [first, ...others] = passing;
  if (!first) return { worst: undefined, why: whyNothing(tried, all), ...(isUntried(tried) ? { untried: true } : {}) };
  const worst = others.reduce((best, next) => (isWorse(next, best) ? next : best), first);
  return { worst: told(tried, worst), why: [] };
}

function isWorse(a: Found, b: Found): boolean {
  const [one, other] = [a.example.judged.risk, b.example.judged.risk];
  const more = compareRisk(one.level, other.level) || one.score - other.score;
  return more > 0 || (more === 0 && a.content.runs === true && b.content.runs !== true);
}

// The same over as many objects as pass without a person.
function most(tried: Tried, found: Found): Found {
  const { candidate, content, example } = found;
  // Objects that rules name one by one are not multiplied; neither is what has them all.
  if (candidate.request.name !== 'any') return found;
  let [best, low, high] = [example, 1, OBJECTS];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const more = exampleOf(tried, example.way, candidate, content, { objects: middle, spelling: example.spelling });
    if (more?.judged.requirements.autoReview) [best, low] = [more, middle];
    else high = middle - 1;
  }
  return { ...found, example: best };
}

// Whether nothing but the commands stands in the way, and rules allow some.
function isUntried(tried: Tried): boolean {
  const { set } = tried;
  if (!commandsMayPass(set) || set.policies.every(({ commands }) => commands === undefined)) return false;
  const policies = set.policies.map((policy) => ({ ...policy, commands: undefined }));
  const all = examplesOf({ ...tried, set: { ...set, policies }, lines: [] });
  return all.some(({ example }) => example.judged.requirements.autoReview);
}

// What stands in the way of the change that comes nearest to starting alone.
function whyNothing({ set }: Tried, all: readonly Found[]): readonly string[] {
  const reasons = all.flatMap(({ example }) => (example.judged.person ? [example.judged.person] : []));
  const nearest = reasons.toSorted((a, b) => a.length - b.length)[0];
  if (nearest) return nearest.slice(0, SHOWN);
  const closed = set.policies.find(({ spec }) => !spec?.modes.includes('Apply'));
  if (closed) return [`${policyName(closed)} lets nothing be applied (modes)`];
  const suspended = set.policies.find(({ spec }) => spec?.suspended);
  if (suspended) return [`${policyName(suspended)} is suspended`];
  return ['every change that the rules let through is of a higher risk than `autoReview` covers, or is not admitted at all'];
}

function told({ set }: Tried, { example, candidate }: Found): Unattended {
  const { lines, runs } = autoReviewAt(set, example.judged.risk.level);
  const own = set.policies.map((policy) => `${policyName(policy)}: playbooks.adHocSteps`);
  return {
    ...example,
    letThroughBy: [
      ...lines.map(({ policy, path }) => `${policy}: ${path}.autoReview`),
      ...(example.way === 'OwnSteps' ? own : []),
      candidate.decidedBy,
    ],
    after: runs,
  };
}
