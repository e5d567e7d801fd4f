import { type ActionPlanSpec, annotations, askingManager, effectNumber } from '@sentinel/crds';
import { combineReasons, type RequiredReasons } from '@sentinel/policy';
import { type Review, requesterOf, stateOf } from '../read.ts';
import type { View } from '../terminal/fields.ts';
import type { Paint } from '../terminal/paint.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';
import { groupAlike } from './alike.ts';
import { commandLines } from './command.ts';
import { withoutContent } from './deletes.ts';
import { alikeObjects, effectLines, objectOf } from './effects.ts';
import { numbersOf } from './many.ts';
import { standingLines } from './playbook.ts';
import { amendmentLines } from './revision/amendment.ts';
import { differenceLines } from './revision/difference.ts';
import { riskLines } from './risk.ts';
import { leftLines, rollbackLine } from './rollback.ts';
import { shortenedLines } from './shortened.ts';
import { resolveCommands, unknownLines } from './unknown.ts';
import { isOpen, verdictLines } from './verdict.ts';

/** How much of each claim of the agent is shown before the observed effects: characters, and lines. */
const CLAIM_SHOWN = { characters: 800, lines: 8 };
const CLAIM = '  | ';

/** A plan as text, and the parts that the text omits. */
export interface RenderedPlan {
  readonly text: string;
  /** The parts that are omitted without `--full`: the name and the amount of each. */
  readonly folded: readonly string[];
}

/**
 * A plan that a person can read in seconds: the verdict and its reason, claims and observed effects, the risk and its parts, the changes,
 * what cannot be restored, the commands to decide. Text from agents and objects is escaped; text from the agent has a bar in front.
 */
export function renderPlan(review: Review, view: View): RenderedPlan {
  const { paint } = view;
  const { lines, folded } = body(review, view);
  const notes = [...unknownLines(review.action, paint), ...shortenedLines(review.action, paint)];
  const rest = ['', ...notes, ...foldedLines(folded, paint), ...commands(review, paint)];
  return { text: [...lines, ...rest].join('\n'), folded };
}

/** The same for a person who is about to decide, without the commands to decide. */
export function renderForDecision(review: Review, view: View): RenderedPlan {
  const { lines, folded } = body(review, view);
  const rest = ['', ...foldedLines(folded, view.paint), `${view.paint('bold', 'PLAN')}  ${review.digest}`];
  return { text: [...lines, ...rest].join('\n'), folded };
}

function body(review: Review, view: View): { lines: string[]; folded: string[] } {
  const folded: string[] = [];
  const seen: View = { ...view, onFold: (what) => folded.push(what) };
  const lines = [
    ...head(review, view.paint),
    ...says(review, seen),
    ...does(review, view.paint),
    ...amendmentLines(review, view.paint),
    ...differenceLines(review, seen),
    ...changes(review, seen),
    ...leftLines(review.plan.spec, seen),
    ...steps(review, seen),
    ...needs(review, view.paint),
    ...saysInFull(review, view),
  ];
  return { lines, folded };
}

const FOLDED_SHOWN = 12;

// Lists the omitted parts, so that nobody assumes that they do not exist.
function foldedLines(folded: readonly string[], paint: Paint): string[] {
  if (folded.length === 0) return [];
  const more = folded.length > FOLDED_SHOWN ? [`  … and ${folded.length - FOLDED_SHOWN} more`] : [];
  return [
    `${paint('bold', 'NOT SHOWN')}  ${paint('yellow', 'parts of the plan are left out here; see all of it with --full')}`,
    ...folded.slice(0, FOLDED_SHOWN).map((what) => `  ${what}`),
    ...more,
    '',
  ];
}

function head(review: Review, paint: Paint): string[] {
  const { action } = review;
  const { spec } = review.plan;
  const where = spec.environment ? `, environment ${visible(spec.environment)}` : '';
  const stamped = requesterOf(action);
  const edited = action.metadata.generation !== undefined && action.metadata.generation !== spec.action.generation;
  return [
    ...verdictLines(review, paint),
    `  ${workOf(spec)}, account ${visible(spec.account)}${where}, rehearsal ${spec.attempt}`,
    stamped === spec.requester
      ? `  asked by ${visible(stamped)} (authenticated)`
      : paint('red', `  ! asked by ${visible(spec.requester)}, but stamped is ${visible(stamped ?? 'nobody')}`),
    ...(spec.onBehalfOf === undefined
      ? []
      : [`  on behalf of ${visible(spec.onBehalfOf)} (the agent says so; they cannot approve)`]),
    ...(edited ? [paint('red', '  ! the action was edited after this rehearsal: a new plan is coming')] : []),
    '',
    ...riskLines(spec.risk, paint),
    '',
  ];
}

function workOf({ rollbackOf, playbook }: ActionPlanSpec): string {
  if (rollbackOf) return `rollback of the action ${visible(rollbackOf.name)}`;
  return playbook.adHoc ? 'ad-hoc steps, no Playbook' : `Playbook ${visible(playbook.name)}`;
}

interface Claim {
  readonly title: string;
  readonly text: string;
}

function claimsOf({ plan: { spec }, action }: Review): Claim[] {
  const { intent } = action.spec;
  const agent = [intent.agent?.name, intent.agent?.model, intent.agent?.session && `session ${intent.agent.session}`];
  const claims: readonly (readonly [string, string | undefined])[] = [
    ['', spec.says.summary],
    ['because: ', intent.reason],
    ['goal: ', intent.goal],
    ['agent: ', agent.filter(Boolean).join(', ') || undefined],
    ['role: ', intent.role],
    ['tool: ', intent.tool && [intent.tool.server, intent.tool.name].filter(Boolean).join(' ')],
    ['see: ', intent.references?.join(' ')],
    ['prompt: ', intent.prompt],
  ];
  return claims.flatMap(([title, text]) => (text ? [{ title, text }] : []));
}

// Claims of the agent must not hide the observed effects: a long claim is printed in full after everything else.
function says(review: Review, { paint, full, onFold }: View): string[] {
  const where = full ? 'in full below' : 'see all with --full';
  return [
    `${paint('bold', 'SAYS')}  (claims of the agent, nothing is checked)`,
    ...claimsOf(review).map((claim) => {
      const { shown, left } = shorten(claim.text);
      if (left === 0) return visibleBlock(`${claim.title}${claim.text}`, CLAIM);
      const name = claim.title === '' ? 'summary: ' : claim.title;
      if (!full) onFold?.(`${name}${left} of ${claim.text.length} characters`);
      return visibleBlock(`${claim.title}${shown}… (${left} more characters; ${where})`, CLAIM);
    }),
  ];
}

function saysInFull(review: Review, { paint, full }: View): string[] {
  const long = full ? claimsOf(review).filter(({ text }) => shorten(text).left > 0) : [];
  if (long.length === 0) return [];
  return ['', paint('bold', 'SAYS, IN FULL'), ...long.map(({ title, text }) => visibleBlock(`${title}${text}`, CLAIM))];
}

function shorten(text: string): { shown: string; left: number } {
  const lines = text.split('\n').slice(0, CLAIM_SHOWN.lines).join('\n');
  const shown = lines.slice(0, CLAIM_SHOWN.characters).toWellFormed();
  return { shown, left: text.length - shown.length };
}

const LOST_SHOWN = 3;
/** With more kinds of writes than this, DOES tells their numbers. */
const DOES_SHOWN = 8;

function does({ plan: { spec } }: Review, paint: Paint): string[] {
  const { irreversible = [] } = spec.rollback;
  const alike = groupAlike(spec.effects.map(withoutContent)).map((group) => {
    const [first] = group.objects;
    const verbs = [...new Set(first?.effects.map(({ verb }) => visible(verb)))];
    const writes = first?.effects.length ?? 0;
    const times = writes === 1 ? '' : verbs.length === 1 ? ` (${writes} times)` : ` (${writes} writes)`;
    const what = group.objects.length > 1 ? `${alikeObjects(group)}, alike` : first?.effects[0] ? objectOf(first.effects[0]) : '';
    return `  ${verbs.join(', ')} ${what}${times}`;
  });
  return [
    `${paint('bold', 'DOES')}  (observed in the rehearsal: ${count(spec.effects.length, 'write')})`,
    ...(alike.length > DOES_SHOWN ? numbersOf(spec.effects).map((line) => `  ${line}`) : alike),
    ...(spec.undeclared ?? []).map((difference) => paint('red', `  ! UNDECLARED EFFECT: ${visible(difference)}`)),
    ...irreversible.slice(0, LOST_SHOWN).map((what) => paint('red', `  ! CANNOT BE RESTORED: ${visible(what)}`)),
    ...(irreversible.length > LOST_SHOWN
      ? [paint('red', `  ! CANNOT BE RESTORED: ${irreversible.length - LOST_SHOWN} more, see CHANGES`)]
      : []),
    ...(spec.notObservable ?? []).map((gap) => paint('yellow', `  ! NOT OBSERVABLE: ${visible(gap)}`)),
    ...(spec.says.expect ? [`  the Playbook expects: ${visible(spec.says.expect)}`] : []),
    '',
  ];
}

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`;

function changes({ plan: { spec } }: Review, view: View): string[] {
  return [view.paint('bold', 'CHANGES'), ...effectLines(spec.effects, view), ''];
}

function steps({ plan: { spec } }: Review, view: View): string[] {
  const { paint } = view;
  const linesOf = ({ name, command }: { name: string; command: string[] }) => commandLines(name, command, view);
  return [
    paint('bold', 'STEPS'),
    ...spec.steps.flatMap(linesOf),
    ...(spec.verify?.length
      ? [paint('bold', 'VERIFICATION'), ...spec.verify.flatMap(linesOf)]
      : [`${paint('bold', 'VERIFICATION')}  ${paint('yellow', 'none: no check follows the run')}`]),
    ...(spec.permissions?.length ? [paint('bold', 'PERMISSIONS'), `  ${visible(spec.permissions.join(', '))}`] : []),
    '',
  ];
}

function needs(review: Review, paint: Paint): string[] {
  const { action } = review;
  const { spec } = review.plan;
  // Required approvals are omitted if nobody can approve any more.
  const standing = standingLines(action.status?.standingApprovals ?? [], paint);
  if (!isOpen(review)) return [rollbackLine(spec, paint), ...standing, ...decisionLines(action.status?.decisions ?? [], paint)];
  const { approvals, autoReview, groups, expiresAfter } = action.status?.required ?? spec.required;
  return [
    rollbackLine(spec, paint),
    autoReview
      ? `${paint('bold', 'APPROVALS')}  none required: policy lets it start without a person`
      : `${paint('bold', 'APPROVALS')}  ${approvals} required${groups ? ` from ${visible(groups.join(' or '))}` : ''}, each good for ${visible(expiresAfter)}`,
    ...(spec.required.personBecause ?? []).map((why) => `  a person, because ${visible(why)}`),
    ...reasonLines(reasonsToApprove(review)),
    ...standing,
    ...decisionLines(action.status?.decisions ?? [], paint),
  ];
}

/** What each approval must say: what policy required when the plan was made, and what the operator has seen since. */
export const reasonsToApprove = ({ action, plan }: Review): RequiredReasons | undefined =>
  combineReasons(plan.spec.required.reasons, action.status?.required?.reasons);

function reasonLines(reasons: RequiredReasons | undefined): string[] {
  const tickets = reasons?.tickets ?? [];
  if (tickets.length > 0) return [`  each with a comment that names a ticket: ${visible(tickets.join(' and '))}`];
  return reasons?.comment ? ['  each with a comment'] : [];
}

type Decisions = NonNullable<NonNullable<Review['action']['status']>['decisions']>;

/** The decisions so far, and whether each counts. */
export function decisionLines(decisions: Decisions, paint: Paint): string[] {
  return decisions.flatMap(({ user, decision, effect, time, expires, comment, counts, why, exemptBy }) => [
    `  ${visible(decision)}${effect === undefined ? '' : ` of effect ${effectNumber(effect)}`} by ${visible(user)} at ${visible(time)}${expires ? `, good until ${visible(expires)}` : ''}${counts ? '' : paint('yellow', ` (does not count: ${visible(why ?? 'no reason given')})`)}`,
    ...(exemptBy === undefined
      ? []
      : [paint('yellow', `    could act as the requester, and is exempted by ${visible(exemptBy)}`)]),
    ...(comment ? [visibleBlock(comment, CLAIM)] : []),
  ]);
}

function commands(review: Review, paint: Paint): string[] {
  const { action, digest } = review;
  const title = `${paint('bold', 'PLAN')}  ${digest}`;
  const toResolve = resolveCommands(action, digest);
  if (toResolve.length > 0) return [title, ...toResolve.map((line) => `  ${line}`)];
  if (!isOpen(review)) return [title, `  nothing to decide: the action is ${visible(stateOf(action))}`];
  const place = visible(`${action.metadata.name} -n ${action.metadata.namespace ?? ''}`);
  const reasons = reasonsToApprove(review);
  const reason = reasons === undefined ? '' : reasons.tickets ? "'TICKET: WHY'" : "'WHY'";
  const annotate = (decision: 'approve' | 'reject') =>
    `  kubectl annotate agentaction ${place} ${annotations.decision}=${decision} ${annotations.plan}=${digest} --field-manager=${askingManager(decision, digest)}`;
  return [
    title,
    `  kubectl sentinel approve ${place} --plan ${digest}${reason && ` --comment ${reason}`}`,
    `  kubectl sentinel reject ${place} --plan ${digest} --comment 'WHY'   # or request-changes, to have it revised`,
    '  or with plain kubectl:',
    `${annotate('approve')}${reason && ` ${annotations.comment}=${reason}`}`,
    `${annotate('reject')} ${annotations.comment}='WHY'`,
  ];
}
