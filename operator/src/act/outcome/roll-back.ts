import { type AgentActionStatus, count, effectNumber, type StageStatus, type State } from '@sentinel/crds';
import { parseStatement } from '@sentinel/policy';
import { stoppedBy } from '../../decide/stopped-by.ts';
import { newestStage } from '../../facts/facts.ts';
import { condition, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { evidenceDetails, keepRollbackEvidence } from '../evidence/store-evidence.ts';

type Outcome = NonNullable<AgentActionStatus['rollback']>[number];

/**
 * Merges the outcomes of this rollback pass with those of an earlier one. An effect that an earlier pass restored is reported as unchanged
 * by a later one, so the earlier outcome is kept, also for effects that the later pass does not mention. Otherwise the later outcome counts.
 */
export function mergeOutcomes(before: readonly Outcome[], now: readonly Outcome[]): Outcome[] {
  const merged = new Map(before.map((one) => [one.effect, one]));
  for (const one of now) {
    const isKept = one.outcome === 'Unchanged' && merged.get(one.effect)?.outcome === 'Restored';
    if (!isKept) merged.set(one.effect, one);
  }
  return [...merged.values()].sort((a, b) => b.effect - a.effect);
}

/** How long the rollback of effects is retried if the API server refuses it, counted from the first pass. */
const RETRIED_MS = 600_000;
const MESSAGE_MAX = 500;

/**
 * Has the gateway roll the run back from its pre-images, and ends the action with the outcome of each effect. Effects without an outcome
 * are retried for some time, and the status says why. Safe to repeat.
 */
export async function rollBack(context: ActContext, pass: Pass): Promise<void> {
  const { draft, action, now } = pass;
  const run = newestStage(action, 'run');
  if (!run) return end(pass, 'RunFailed', 'the status of the action names no run, so nothing can be rolled back');
  const { gatewayAddress } = await context.settings();
  const identity = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, job: run.uid };
  const answer = await context.gateway.rollBack(gatewayAddress, identity);
  if (answer.refused !== undefined) return endRefused(pass, run, answer.refused, answer.statement);
  const found = mergeOutcomes(draft.rollback ?? [], answer.outcomes);
  const { retries } = answer;
  if (retries.length > 0 && now - retriedSince(pass) < RETRIED_MS) {
    draft.rollback = found;
    const reasons = retries.map(({ effect, reason }) => `effect ${effectNumber(effect)}: ${reason}`).join('; ');
    const message = `${count(retries.length, 'effect')} could not be rolled back yet, and a rollback is tried again: ${reasons}`;
    condition(draft, 'RolledBack', 'Unknown', 'Pending', message, now);
    enter(draft, 'RollingBack', message, now);
    // After the status is stored, the rollback is retried with the back-off of a failed reconcile.
    pass.afterwards.push(() => Promise.reject(new Error(message)));
    return;
  }
  const outcomes = mergeOutcomes(
    found,
    retries.map(({ effect, reason }) => ({ effect, outcome: 'Failed', message: cut(reason, MESSAGE_MAX) })),
  );
  draft.rollback = outcomes;
  const incomplete = outcomes.filter(({ outcome }) => outcome === 'Skipped' || outcome === 'Failed');
  const summary = `${outcomes.length - incomplete.length} of ${outcomes.length} effects rolled back`;
  const all = incomplete.length === 0;
  condition(draft, 'RolledBack', all ? 'True' : 'False', all ? 'Satisfied' : 'Failed', summary, now);
  await keepRollbackEvidence(context, pass, run, outcomes, summary);
  record(
    draft,
    action,
    {
      transition: 'RollbackEnded',
      actor: 'sentinel-gateway',
      summary,
      plan: run.plan,
      job: run.uid,
      statement: answer.statement,
      details: {
        ...evidenceDetails(pass),
        'sentinel.effects.rolled_back': String(outcomes.length - incomplete.length),
        ...Object.fromEntries(
          outcomes
            .slice(0, 12)
            .map((one) => [`effect.${effectNumber(one.effect)}`, `${one.outcome}${one.message ? `: ${one.message}` : ''}`]),
        ),
      },
    },
    now,
  );
  const why = whyRolledBack(pass, run);
  const left = incomplete.map(({ effect, message }) => `effect ${effectNumber(effect)}: ${message ?? ''}`).join('; ');
  end(pass, all ? stateAfter(pass, run.outcome) : 'RollbackIncomplete', `${why}. ${summary}${left === '' ? '' : ` (${left})`}`);
}

// The person who cancelled comes first, because that is the reason for the state.
function whyRolledBack({ draft, facts }: Pass, run: StageStatus): string {
  const stopped = stoppedBy(facts)?.why;
  if (run.outcome !== 'Succeeded') {
    const own = run.message ?? 'the run failed';
    return stopped === undefined ? own : `${stopped}; ${own}`;
  }
  const failed = draft.conditions?.find(({ type, status }) => type === 'Verified' && status === 'False')?.message;
  if (failed === undefined) return `${stopped ?? 'the action was stopped'} before it was verified`;
  return stopped !== undefined && failed.startsWith(stopped) ? failed : `verification failed: ${failed}`;
}

// The gateway has more recent facts: the changes of the run stay, and the final message says why.
function endRefused(pass: Pass, run: StageStatus, refused: string, statement: string | undefined): void {
  const { draft, action, now } = pass;
  const summary = cut(`the gateway does not roll the run back: ${refused}`, MESSAGE_MAX);
  condition(draft, 'RolledBack', 'False', 'Failed', summary, now);
  const entry = {
    transition: 'RollbackEnded',
    actor: 'sentinel-gateway',
    summary,
    plan: run.plan,
    job: run.uid,
    statement,
  } as const;
  record(draft, action, entry, now);
  const said = parseStatement(statement ?? '');
  end(pass, 'RollbackIncomplete', `${summary}. Its changes stay`, { isTooLate: said?.kind === 'Run' && said.over === true });
}

// The condition is Unknown since the first pass that left effects to retry.
function retriedSince({ draft, now }: Pass): number {
  const begun = draft.conditions?.find(({ type, status }) => type === 'RolledBack' && status === 'Unknown');
  return begun ? Date.parse(begun.lastTransitionTime) : now;
}

function stateAfter({ action }: Pass, outcome: string | undefined): State {
  if (outcome === 'Blocked') return 'Blocked';
  return action.spec.cancelled || action.metadata.deletionTimestamp !== undefined ? 'Cancelled' : 'RolledBack';
}
