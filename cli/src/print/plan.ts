import { type ActionPlanSpec, annotations, askingManager } from '@sentinel/crds';
import { decidable, messageOf, placeOf, type Review, requesterOf, stateOf } from '../read.ts';
import { effectLines, objectOf } from './effects.ts';
import type { Paint } from './paint.ts';
import { riskLines } from './risk.ts';
import { rollbackLine } from './rollback.ts';
import { visible, visibleBlock } from './visible.ts';

const PROMPT_SHOWN = 800;
const CLAIM = '  | ';

/**
 * A plan for a person who has seconds: say against do, risk and why, what changes, what cannot be restored, how to decide.
 * Everything that an agent or an object says is made visible; what the agent says stands behind a bar.
 */
export function renderPlan(review: Review, paint: Paint): string {
  return [
    ...head(review, paint),
    ...says(review, paint),
    ...does(review, paint),
    ...changes(review, paint),
    ...steps(review.plan.spec, paint),
    ...needs(review, paint),
    '',
    ...commands(review, paint),
  ].join('\n');
}

/** The same without what is not needed for a yes or no: what somebody sees who is about to decide. */
export function renderShort(review: Review, paint: Paint): string {
  return [
    ...head(review, paint),
    ...says(review, paint),
    ...does(review, paint),
    ...changes(review, paint),
    ...needs(review, paint),
    `${paint('bold', 'PLAN')}  ${review.digest}`,
  ].join('\n');
}

function head({ plan: { spec }, action }: Review, paint: Paint): string[] {
  const where = spec.environment ? `, environment ${visible(spec.environment)}` : '';
  const stamped = requesterOf(action);
  const edited = action.metadata.generation !== undefined && action.metadata.generation !== spec.action.generation;
  return [
    `${paint('bold', placeOf(action))}  ${visible(stateOf(action))}`,
    `  ${spec.playbook.adHoc ? 'steps of its own, no Playbook' : `Playbook ${visible(spec.playbook.name)}`}, account ${visible(spec.account)}${where}, rehearsal ${spec.attempt}`,
    stamped === spec.requester
      ? `  asked by ${visible(stamped)} (authenticated)`
      : paint('red', `  ! asked by ${visible(spec.requester)}, but stamped is ${visible(stamped ?? 'nobody')}`),
    ...(edited ? [paint('red', '  ! the action was edited after this rehearsal: a new plan is coming')] : []),
    '',
    ...riskLines(spec.risk, paint),
    '',
  ];
}

function says({ plan: { spec }, action }: Review, paint: Paint): string[] {
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
    ['prompt: ', cut(intent.prompt)],
  ];
  return [
    `${paint('bold', 'SAYS')}  (claims of the agent, nothing is checked)`,
    ...claims.flatMap(([title, text]) => (text ? [visibleBlock(`${title}${text}`, CLAIM)] : [])),
  ];
}

function cut(prompt: string | undefined): string | undefined {
  if (prompt === undefined || prompt.length <= PROMPT_SHOWN) return prompt;
  return `${prompt.slice(0, PROMPT_SHOWN)}… (${prompt.length - PROMPT_SHOWN} more characters: -o yaml on the action)`;
}

function does({ plan: { spec } }: Review, paint: Paint): string[] {
  const objects = Map.groupBy(spec.effects, (effect) => `${visible(effect.verb)} ${objectOf(effect)}`);
  const shown = [...objects].slice(0, 8).map(([what, { length }]) => `  ${what}${length > 1 ? ` (${length} times)` : ''}`);
  return [
    `${paint('bold', 'DOES')}  (observed in the rehearsal: ${count(spec.effects.length, 'write')})`,
    ...shown,
    ...(objects.size > 8 ? [`  … and ${objects.size - 8} more, see CHANGES`] : []),
    ...(spec.undeclared ?? []).map((difference) => paint('red', `  ! UNDECLARED EFFECT: ${visible(difference)}`)),
    ...(spec.rollback.irreversible ?? []).map((what) => paint('red', `  ! CANNOT BE RESTORED: ${visible(what)}`)),
    ...(spec.notObservable ?? []).map((gap) => paint('yellow', `  ! NOT OBSERVABLE: ${visible(gap)}`)),
    ...(spec.says.expect ? [`  the Playbook expects: ${visible(spec.says.expect)}`] : []),
    '',
  ];
}

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`;

function changes({ plan: { spec } }: Review, paint: Paint): string[] {
  return [paint('bold', 'CHANGES'), ...effectLines(spec.effects, paint), ''];
}

function steps(spec: ActionPlanSpec, paint: Paint): string[] {
  const line = ({ name, command }: { name: string; command: string[] }) =>
    `  ${visible(name)}: ${command.map(argument).join(' ')}`;
  return [
    paint('bold', 'STEPS'),
    ...spec.steps.map(line),
    ...(spec.verify?.length
      ? [paint('bold', 'VERIFICATION'), ...spec.verify.map(line)]
      : [`${paint('bold', 'VERIFICATION')}  ${paint('yellow', 'none: no check follows the run')}`]),
    ...(spec.permissions?.length ? [paint('bold', 'PERMISSIONS'), `  ${visible(spec.permissions.join(', '))}`] : []),
    '',
  ];
}

// An argument stays one argument to the eye as well.
const argument = (text: string) => visible(/^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text));

function needs({ plan: { spec }, action }: Review, paint: Paint): string[] {
  const { approvals, autoReview, groups, expiresAfter } = action.status?.required ?? spec.required;
  return [
    rollbackLine(spec, paint),
    autoReview
      ? `${paint('bold', 'APPROVALS')}  none required: policy lets it start without a person`
      : `${paint('bold', 'APPROVALS')}  ${approvals} required${groups ? ` from ${visible(groups.join(' or '))}` : ''}, each good for ${visible(expiresAfter)}`,
    ...(spec.required.personBecause ?? []).map((why) => `  a person, because ${visible(why)}`),
    ...decisionLines(action.status?.decisions ?? [], paint),
  ];
}

type Decisions = NonNullable<NonNullable<Review['action']['status']>['decisions']>;

/** The decisions so far, and whether each counts. */
export function decisionLines(decisions: Decisions, paint: Paint): string[] {
  return decisions.flatMap(({ user, decision, time, expires, comment, counts, why }) => [
    `  ${visible(decision)} by ${visible(user)} at ${visible(time)}${expires ? `, good until ${visible(expires)}` : ''}${counts ? '' : paint('yellow', ` (does not count: ${visible(why ?? 'no reason given')})`)}`,
    ...(comment ? [visibleBlock(comment, CLAIM)] : []),
  ]);
}

function commands({ action, digest }: Review, paint: Paint): string[] {
  const title = `${paint('bold', 'PLAN')}  ${digest}`;
  if (!decidable.has(stateOf(action)))
    return [title, `  nothing to decide: ${visible(stateOf(action))}: ${visible(messageOf(action))}`];
  const place = visible(`${action.metadata.name} -n ${action.metadata.namespace ?? ''}`);
  const annotate = (decision: 'approve' | 'reject') =>
    `  kubectl annotate agentaction ${place} ${annotations.decision}=${decision} ${annotations.plan}=${digest} --field-manager=${askingManager(decision, digest)}`;
  return [
    title,
    `  kubectl sentinel approve ${place} --plan ${digest}`,
    `  kubectl sentinel reject ${place} --plan ${digest} --comment 'WHY'`,
    '  or with plain kubectl:',
    annotate('approve'),
    `${annotate('reject')} ${annotations.comment}='WHY'`,
  ];
}
