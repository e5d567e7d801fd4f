import { type AgentAction, effectNumber, type Resolved, type RunReport, type StageStatus } from '@sentinel/crds';
import { newestStage } from '../../facts/facts.ts';
import { condition, type Draft, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { showUnknown } from './await-resolution.ts';
import { concludeRun } from './conclude-run.ts';
import { keepReport } from './keep-report.ts';

/** More than the resolutions that the webhook accepts: a dropped result would look like a resolution without a result. */
const KEPT = 64;
const MESSAGE_MAX = 2000;

/**
 * Has the gateway carry out the decisions of people on effects whose outcome is unknown, and records the results. When no outcome is
 * unknown any more, the action continues: with its checks if everything approved was done or accepted, else with its rollback or its end.
 * Safe to repeat.
 */
export async function resolve(context: ActContext, pass: Pass): Promise<void> {
  const { draft, action, facts, now } = pass;
  const run = newestStage(action, 'run');
  if (!run) return end(pass, 'RunFailed', 'the status of the action names no run, so none of its effects can be resolved');
  const { gatewayAddress } = await context.settings();
  const identity = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, job: run.uid };
  const report = await keepReport(facts, await context.gateway.resolve(gatewayAddress, identity));
  recordResolutions(draft, action, run, report.resolutions ?? [], now);
  if (report.unknown.length > 0) {
    const message = showUnknown(draft, action, report.unknown);
    const last = draft.resolutions?.at(-1);
    const refused = last?.outcome === 'Refused' ? ` The last decision was refused (${summaryOf(last)}).` : '';
    return enter(draft, 'OutcomeUnknown', `${message}${refused}`, now);
  }
  delete draft.unknownEffects;
  const ended = endedAs(facts.plan?.spec.effects.length, run, report);
  const good = ended.outcome === 'Succeeded';
  draft.stages = (draft.stages ?? []).map((one) => (one.uid === run.uid ? ended : one));
  condition(draft, 'Executed', good ? 'True' : 'False', good ? 'Satisfied' : 'Failed', ended.message ?? '', now);
  await concludeRun(context, pass, ended, report);
}

function recordResolutions(
  draft: Draft,
  action: AgentAction,
  run: StageStatus,
  resolved: readonly Resolved[],
  now: number,
): void {
  const known = draft.resolutions ?? [];
  const news = resolved.filter((one) => !known.some((other) => isSame(one, other)));
  for (const one of news)
    record(
      draft,
      action,
      {
        transition: 'EffectResolved',
        actor: 'sentinel-gateway',
        summary: summaryOf(one),
        plan: run.plan,
        job: run.uid,
        details: {
          'sentinel.resolution': one.resolution,
          'sentinel.resolution.effect': String(effectNumber(one.effect)),
          'sentinel.resolution.user': one.user,
          'sentinel.resolution.outcome': one.outcome,
        },
      },
      now,
    );
  const shown = news.map((one) => ({ ...one, user: cut(one.user, 512), message: cut(one.message, 512) }));
  if (news.length > 0) draft.resolutions = [...known, ...shown].slice(-KEPT);
}

const isSame = (a: Resolved, b: Resolved) =>
  a.effect === b.effect && a.resolution === b.resolution && a.user === b.user && a.time === b.time;

const summaryOf = ({ effect, resolution, user, outcome, message }: Resolved) =>
  `${resolution} of effect ${effectNumber(effect)} by ${user}: ${outcome === 'Applied' ? message : `refused: ${message}`}`;

/** The outcome of the run after every effect has an outcome: a block that was only caused by an unknown outcome no longer counts. */
function endedAs(effects: number | undefined, run: StageStatus, report: RunReport): StageStatus {
  const { blocked, consumed, accepted = [], rolledBack = [], resolutions = [] } = report;
  const message = cut(`its outcome was unknown, and was resolved: ${resolutions.map(summaryOf).join('; ')}`, MESSAGE_MAX);
  if (blocked !== undefined) return { ...run, outcome: 'Blocked', message: cut(blocked, MESSAGE_MAX) };
  const all = effects !== undefined && rolledBack.length === 0 && consumed.length + accepted.length === effects;
  return { ...run, outcome: all ? 'Succeeded' : 'Unknown', message };
}
