import { type AgentAction, type AgentActionStatus, effectNumber, type RunReport } from '@sentinel/crds';
import { newestStage } from '../../facts/facts.ts';
import { condition, type Draft, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { Pass } from '../context.ts';

const KEPT = 32;
const NAMED = 3;
/** Maximum characters for the list of effects, so that the instructions after it are not cut off. */
const NAMED_MAX = 600;

/** The run has ended, and the outcome of an effect is unknown: the action now waits for a person, and its message says so. */
export function awaitResolution(pass: Pass, report: RunReport): void {
  const { draft, action, now } = pass;
  const message = showUnknown(draft, action, report.unknown);
  condition(draft, 'Executed', 'Unknown', 'OutcomeUnknown', message, now);
  enter(draft, 'OutcomeUnknown', message, now);
  const run = newestStage(action, 'run');
  record(
    draft,
    action,
    {
      transition: 'OutcomeUnknown',
      actor: 'sentinel-gateway',
      summary: message,
      plan: run?.plan,
      job: run?.uid,
      details: Object.fromEntries(
        report.unknown.slice(0, 12).map(({ effect, object, why }) => [`effect.${effectNumber(effect)}`, `${object}: ${why}`]),
      ),
    },
    now,
  );
}

/** Stores the effects whose outcome is unknown in the status; returns a sentence about them, and what to do next. */
export function showUnknown(draft: Draft, action: AgentAction, unknown: RunReport['unknown']): string {
  draft.unknownEffects = unknown.slice(0, KEPT).map(({ effect, object, why }) => ({
    effect,
    number: effectNumber(effect),
    object: cut(object, 512),
    why: cut(why, 1024),
  }));
  const { name, namespace } = action.metadata;
  const shown = unknown.slice(0, NAMED);
  const named = shown.map(({ effect, object, why }) =>
    cut(`effect ${effectNumber(effect)} (${object}): ${why}`, Math.floor(NAMED_MAX / shown.length)),
  );
  const more = unknown.length > NAMED ? `; and ${unknown.length - NAMED} more` : '';
  const first = effectNumber(unknown[0]?.effect ?? 0);
  return `The outcome of these effects is unknown: ${named.join('; ')}${more}. A person must look at the object and decide: kubectl sentinel reconcile ${name} -n ${namespace ?? ''} --effect ${first} accept|redo|roll-back. Until then, other actions on the same objects wait.`;
}

/** Describes who accepted which effects; undefined if there is none. */
export function acceptedOf(resolutions: AgentActionStatus['resolutions'] = []): string | undefined {
  const accepted = resolutions.filter(({ resolution, outcome }) => resolution === 'accept' && outcome === 'Applied');
  return accepted.length === 0
    ? undefined
    : accepted.map(({ effect, user }) => `effect ${effectNumber(effect)} accepted by ${user}`).join(', ');
}
