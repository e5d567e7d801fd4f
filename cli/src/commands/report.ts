import { type ActionPlan, type AgentAction, type AgentActionStatus, actionPlans, effectNumber } from '@sentinel/crds';
import { objectOf } from '../print/effects.ts';
import { decisionLines } from '../print/plan.ts';
import { shortenedLines } from '../print/shortened.ts';
import { unknownLines } from '../print/unknown.ts';
import { messageOf, placeOf, readAction, requesterOf, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { type Paint, painter } from '../terminal/paint.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { span } from '../terminal/table.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';
import { resultLines } from './report/results.ts';

/** Prints the outcome of an action: state, timings, effects, decisions, rollback, results. */
export async function report(session: Session, name: string): Promise<number> {
  const { client, namespace, io, flags } = session;
  const format = formatOf(flags.output);
  const action = await readAction(session, name);
  if (format) {
    io.out(raw(action, format));
    return 0;
  }
  const summary = action.status?.plan;
  const plan = summary ? await client.get(actionPlans, { name: summary.name, namespace }) : null;
  io.out(renderReport(action, plan, painter(io.colour)));
  return 0;
}

/** A report for people. `plan` is the plan of the last attempt, if there is one. */
export function renderReport(action: AgentAction, plan: ActionPlan | null, paint: Paint): string {
  const status = action.status ?? {};
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? [paint('bold', title), ...lines] : []);
  const took = span(status.startedAt, status.finishedAt);
  return [
    `${paint('bold', placeOf(action))}  ${visible(stateOf(action))}${took ? `, took ${took}` : ''}`,
    `  ${visible(messageOf(action))}`,
    `  asked by ${visible(requesterOf(action) ?? '<unknown>')}, ${workOf(action)}, account ${visible(status.account ?? '<none>')}`,
    visibleBlock(action.spec.intent.summary, '  | '),
    ...(status.rolledBackBy ? [paint('yellow', `  ! its changes were rolled back by ${visible(status.rolledBackBy.name)}`)] : []),
    ...section('STAGES', (status.stages ?? []).flatMap(stageLines)),
    ...section(effectsTitle(status), plan ? plan.spec.effects.map((effect) => effectLine(effect, status)) : []),
    ...unknownLines(action, paint).slice(0, -1),
    ...shortenedLines(action, paint).slice(0, -1),
    ...section('DECISIONS', decisionLines(status.decisions ?? [], paint)),
    ...resultLines(status.results ?? [], paint),
  ].join('\n');
}

type StageStatus = NonNullable<AgentActionStatus['stages']>[number];

function stageLines({ stage, attempt, outcome, startedAt, finishedAt, message, steps }: StageStatus): string[] {
  const took = span(startedAt, finishedAt);
  const failed = (steps ?? []).filter(({ exitCode }) => exitCode !== 0);
  return [
    `  ${visible(stage).padEnd(12)}  ${visible(outcome ?? 'under way')}${took ? `, ${took}` : ''}${attempt > 1 ? ` (attempt ${attempt})` : ''}${message ? `: ${visible(message)}` : ''}`,
    ...failed.map(
      ({ name, exitCode, reason }) => `    step ${visible(name)}: exit code ${exitCode}${reason ? ` (${visible(reason)})` : ''}`,
    ),
  ];
}

// Only the gateway can read the ledger of single writes; the status says whether the run was complete, and which effects were rolled back.
function effectsTitle({ stages }: AgentActionStatus): string {
  const ran = stages?.findLast(({ stage }) => stage === 'run');
  if (!ran) return 'EFFECTS  (planned, nothing was changed)';
  if (ran.outcome === undefined) return 'EFFECTS  (the run is under way)';
  return ran.outcome === 'Succeeded'
    ? 'EFFECTS  (all done, as planned)'
    : 'EFFECTS  (the run did not complete: some changes may be missing)';
}

function effectLine(effect: ActionPlan['spec']['effects'][number], { rollback }: AgentActionStatus): string {
  const back = rollback?.find(({ effect: index }) => index === effect.index);
  const fate = back ? `   rollback: ${visible(back.outcome)}${back.message ? ` (${visible(back.message)})` : ''}` : '';
  return `  ${effectNumber(effect.index)}. ${visible(effect.verb)} ${objectOf(effect)}${fate}`;
}

function workOf({ spec }: AgentAction): string {
  if (spec.rollbackOf) return `the rollback of ${visible(spec.rollbackOf.name)}`;
  return spec.steps ? 'ad-hoc steps' : `Playbook ${visible(spec.playbookRef?.name ?? '<none>')}`;
}
