import { autoReviewAt, compareRisk, policyName } from '@sentinel/policy';
import { RISKS } from '../lint/finding.ts';
import { type Example, exampleOf, examplesOf, type Found, type Tried } from './example-action.ts';
import { commandsMayPass } from './spellings.ts';

/** An action that would start without a person. */
export interface Unattended extends Example {
  /** The lines of policies that allow it. */
  readonly letThroughBy: readonly string[];
  /** How many earlier runs of the same Playbook must have succeeded. */
  readonly after: number;
}

/** The most harmful action that starts without a person, or why there is none. */
export interface UnattendedVerdict {
  readonly worst: Unattended | undefined;
  /** Why there is none; empty if there is one. */
  readonly why: readonly string[];
  /** Whether there might be one nevertheless: rules allow commands, but none of the evaluated ones. */
  readonly untried?: boolean;
}

// The maximum number of names in a command, given its other arguments.
const OBJECTS = 48;
const SHOWN = 3;

/**
 * The most harmful action that would start without a person: the highest risk, then the highest score, with as many objects of its
 * kind as possible. More objects never lower the risk, so the maximum is found by binary search.
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

// The same change of as many objects as can start without a person.
function most(tried: Tried, found: Found): Found {
  const { candidate, content, example } = found;
  // Changes of objects that rules name one by one are not multiplied, nor changes of all objects.
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

// Whether only the command rules prevent the change, and they allow some commands.
function isUntried(tried: Tried): boolean {
  const { set } = tried;
  if (!commandsMayPass(set) || set.policies.every(({ commands }) => commands === undefined)) return false;
  const policies = set.policies.map((policy) => ({ ...policy, commands: undefined }));
  const all = examplesOf({ ...tried, set: { ...set, policies }, lines: [] });
  return all.some(({ example }) => example.judged.requirements.autoReview);
}

// The reasons that prevent the change that is closest to starting without a person.
function whyNothing({ set }: Tried, all: readonly Found[]): readonly string[] {
  const reasons = all.flatMap(({ example }) => (example.judged.person ? [example.judged.person] : []));
  const nearest = reasons.toSorted((a, b) => a.length - b.length)[0];
  if (nearest) return nearest.slice(0, SHOWN);
  const closed = set.policies.find(({ spec }) => !spec?.modes.includes('Apply'));
  if (closed) return [`${policyName(closed)} does not allow the mode Apply (modes)`];
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
