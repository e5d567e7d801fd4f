import type { AgentActionStatus, State } from '@sentinel/crds';
import { newestStage } from '../facts/facts.ts';
import { condition } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { ActContext, Pass } from './context.ts';
import { end } from './end.ts';

type Outcome = NonNullable<AgentActionStatus['rollback']>[number];

/**
 * The outcomes of this pass over those of an earlier one. What an earlier pass restored is found unchanged by a later one, so that
 * says nothing new. An effect that a later pass does not mention keeps what became of it. Anything else the later pass knows better.
 */
export function mergeOutcomes(before: readonly Outcome[], now: readonly Outcome[]): Outcome[] {
  const merged = new Map(before.map((one) => [one.effect, one]));
  for (const one of now) {
    const isKept = one.outcome === 'Unchanged' && merged.get(one.effect)?.outcome === 'Restored';
    if (!isKept) merged.set(one.effect, one);
  }
  return [...merged.values()].sort((a, b) => b.effect - a.effect);
}

/** Has the gateway roll the run back from its pre-images, and ends the action by what became of each effect. Safe to repeat. */
export async function rollBack(context: ActContext, pass: Pass): Promise<void> {
  const { draft, action, now } = pass;
  const run = newestStage(action, 'run');
  if (!run) return end(pass, 'RunFailed', 'there is no run to roll back');
  const { gatewayAddress } = await context.settings();
  const identity = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, job: run.uid };
  const outcomes = mergeOutcomes(draft.rollback ?? [], await context.gateway.rollBack(gatewayAddress, identity));
  draft.rollback = outcomes;
  const incomplete = outcomes.filter(({ outcome }) => outcome === 'Skipped' || outcome === 'Failed');
  const summary = `${outcomes.length - incomplete.length} of ${outcomes.length} effects rolled back`;
  const all = incomplete.length === 0;
  condition(draft, 'RolledBack', all ? 'True' : 'False', all ? 'Satisfied' : 'Failed', summary, now);
  record(
    draft,
    action,
    {
      transition: 'RollbackEnded',
      actor: 'sentinel-gateway',
      summary,
      plan: run.plan,
      job: run.uid,
      details: Object.fromEntries(
        outcomes.slice(0, 12).map((one) => [`effect.${one.effect}`, `${one.outcome}${one.message ? `: ${one.message}` : ''}`]),
      ),
    },
    now,
  );
  const failed = draft.conditions?.find(({ type, status }) => type === 'Verified' && status === 'False');
  const why =
    run.outcome !== 'Succeeded'
      ? (run.message ?? 'the run failed')
      : failed
        ? `verification failed: ${failed.message}`
        : 'the action was ended before it was verified';
  const left = incomplete.map(({ effect, message }) => `effect ${effect}: ${message ?? ''}`).join('; ');
  end(pass, all ? stateAfter(pass, run.outcome) : 'RollbackIncomplete', `${why}. ${summary}${left === '' ? '' : ` (${left})`}`);
}

function stateAfter({ action }: Pass, outcome: string | undefined): State {
  if (outcome === 'Blocked') return 'Blocked';
  return action.spec.cancelled || action.metadata.deletionTimestamp !== undefined ? 'Cancelled' : 'RolledBack';
}
