import { styleText } from 'node:util';
import { type ActionPlan, type AgentAction, annotations, type Effect, type FieldChange } from '@sentinel/crds';
import { parseIdentity } from '@sentinel/policy';
import { visible, visibleBlock } from './visible.ts';

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Paints when colours are wanted, else leaves text as it is. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;

/**
 * A plan for a person who has seconds: say against do, risk and why, what changes, what can not be taken back, how to decide.
 * Everything that an agent or an object says is made visible and marked as a claim.
 */
export function renderPlan(plan: ActionPlan, action: AgentAction, digest: string, paint: Paint): string {
  const { spec } = plan;
  return [
    ...head(plan, action, paint),
    ...says(plan, action, paint),
    paint('bold', `CHANGES (${spec.effects.length})`),
    ...spec.effects.flatMap((effect) => effectLines(effect, paint)),
    ...cautions(plan, paint),
    ...rest(plan),
    ...decide(plan, action, digest, paint),
  ].join('\n');
}

function head({ spec }: ActionPlan, action: AgentAction, paint: Paint): string[] {
  const colour: Style = spec.risk.level === 'Low' ? 'green' : spec.risk.level === 'Medium' ? 'yellow' : 'red';
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy])?.user ?? spec.requester;
  return [
    `${paint('bold', `${action.metadata.namespace ?? ''}/${action.metadata.name}`)}   Playbook ${visible(spec.playbook.name)}${spec.environment ? `, ${visible(spec.environment)}` : ''}`,
    `asked by ${visible(requester)}, runs as account ${visible(spec.account)}`,
    '',
    `${paint('bold', 'RISK')} ${paint(colour, spec.risk.level)}`,
    ...spec.risk.parts.map((part) => `  ${part.level.padEnd(8)} ${visible(part.message)}`),
    '',
  ];
}

function says({ spec }: ActionPlan, action: AgentAction, paint: Paint): string[] {
  const { intent } = action.spec;
  const lines = [paint('bold', 'SAYS (claims)'), visibleBlock(spec.says.summary, '  | ')];
  if (intent.reason) lines.push(visibleBlock(`because: ${intent.reason}`, '  | '));
  if (intent.prompt) lines.push(visibleBlock(`prompt: ${intent.prompt.slice(0, 600)}`, '  | '));
  if (intent.agent) lines.push(`  | agent: ${visible([intent.agent.name, intent.agent.model].filter(Boolean).join(', '))}`);
  if (spec.says.expect) lines.push(`  expected: ${visible(spec.says.expect)}`);
  lines.push(
    paint('bold', 'DOES (observed in the rehearsal)'),
    `  ${spec.effects.length} write(s): ${[...new Set(spec.effects.map(({ verb, resource, name }) => visible(`${verb} ${resource} ${name}`)))].slice(0, 5).join('; ')}`,
  );
  for (const difference of spec.undeclared ?? []) lines.push(paint('red', `  ! not announced: ${visible(difference)}`));
  return [...lines, ''];
}

function effectLines(effect: Effect, paint: Paint): string[] {
  const where = effect.namespace ? `${effect.namespace}/${effect.name}` : `${effect.name} (cluster)`;
  const lines = [
    `  ${paint('bold', visible(`${effect.verb} ${effect.kind} ${where}`))}${effect.resource.includes('/') ? ` (${visible(effect.resource)})` : ''}`,
  ];
  if (effect.verb === 'delete') lines.push(paint('red', '    - the object'));
  for (const change of effect.change ?? []) lines.push(...changeLines(change, paint));
  if (effect.hiddenChanges) lines.push(`    … and ${effect.hiddenChanges} more field(s)`);
  for (const note of effect.notes ?? []) lines.push(`    note: ${visible(note)}`);
  if (!effect.reversible) lines.push(paint('red', '    can not be taken back'));
  return lines;
}

function changeLines(change: FieldChange, paint: Paint): string[] {
  const lines = [`    ${visible(change.path === '' ? '(whole object)' : change.path)}`];
  if (change.before !== undefined) lines.push(paint('red', `      - ${visible(change.before)}`));
  if (change.after !== undefined) lines.push(paint('green', `      + ${visible(change.after)}`));
  if (change.volatile) lines.push(`      (${change.volatile}: another one in the real run)`);
  return lines;
}

function cautions({ spec }: ActionPlan, paint: Paint): string[] {
  const lines: string[] = [];
  for (const effect of spec.rollback.irreversible ?? []) lines.push(paint('red', `  can not be taken back: ${visible(effect)}`));
  for (const gap of spec.notObservable ?? []) lines.push(paint('yellow', `  not observable: ${visible(gap)}`));
  return lines.length > 0 ? ['', paint('bold', 'MIND'), ...lines] : [];
}

function rest({ spec }: ActionPlan): string[] {
  const step = ({ name, command }: { name: string; command: string[] }) => `  ${visible(name)}: ${visible(command.join(' '))}`;
  const way =
    spec.rollback.from === 'PreImages'
      ? 'from the pre-images, when verification fails'
      : `none${spec.rollback.reason ? `: ${visible(spec.rollback.reason)}` : ''}`;
  return [
    '',
    'STEPS',
    ...spec.steps.map(step),
    ...(spec.verify ? ['VERIFIED BY', ...spec.verify.map(step)] : []),
    `WAY BACK  ${way}`,
  ];
}

function decide({ spec }: ActionPlan, action: AgentAction, digest: string, paint: Paint): string[] {
  const { approvals, groups, expiresAfter } = spec.required;
  const decisions = (action.status?.decisions ?? []).map(
    ({ user, decision, counts, why }) =>
      `  ${visible(decision)} by ${visible(user)}${counts ? '' : ` (does not count: ${visible(why ?? '')})`}`,
  );
  const place = `${action.metadata.name} -n ${action.metadata.namespace ?? ''}`;
  return [
    `NEEDS     ${approvals} approval(s)${groups ? ` from ${visible(groups.join(' or '))}` : ''}, good for ${expiresAfter}`,
    ...decisions,
    '',
    paint('bold', `PLAN ${digest}`),
    `  kubectl sentinel approve ${place} --plan ${digest}`,
    `  kubectl annotate agentaction ${place} sentinel.dev/decision=approve sentinel.dev/plan=${digest}`,
  ];
}
