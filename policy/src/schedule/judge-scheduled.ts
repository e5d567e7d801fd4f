import { isDeepStrictEqual } from 'node:util';
import { type AgentActionSpec, annotations as known, type Playbook } from '@sentinel/crds';
import type { Trust } from '../approval/trust.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { isDue } from './due.ts';
import { timesOf } from './jitter.ts';
import { behalfOf, dueOf, runsSince, scheduledAction } from './scheduled-action.ts';
import { MINUTE_MS } from './wall-clock.ts';

/** An action that the account of schedules files. */
export interface FiledAction {
  readonly name: string;
  readonly spec: AgentActionSpec;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  readonly now: number;
}

/**
 * Why the account of schedules may not create an action; empty if it may. It may create exactly what a schedule creates, when it is due: nothing else can
 * be done with its token.
 */
export function judgeScheduled({ name, spec, labels, annotations, playbook, trust, now }: FiledAction): Refusal[] {
  const schedule = playbook?.spec.schedule;
  if (!playbook || !schedule) return refuse('the account of schedules may only file actions of Playbooks with a schedule');
  if (schedule.suspend)
    return refuse(`the schedule of Playbook '${playbook.metadata.name}' is suspended (\`spec.schedule.suspend\`)`);
  if (!trust.trusted) return refuse(`the Playbook is not trusted: ${trust.why}`);
  const due = dueOf(name);
  if (due === undefined || !isDue(timesOf(schedule, playbook), due))
    return refuse(`the schedule has no run for which an action is named '${name}'`);
  // Clocks may differ a little, but nothing is filed ahead of its time.
  if (due > now + MINUTE_MS) return refuse(`the run is not due before ${new Date(due).toISOString()}`);
  if (now - due > schedule.startingDeadlineSeconds * 1000 + MINUTE_MS)
    return refuse(`the run was due at ${new Date(due).toISOString()}, which is longer ago than \`startingDeadlineSeconds\``);
  const since = runsSince(playbook);
  if (since === undefined || due < since)
    return refuse(`the run was due at ${new Date(due).toISOString()}, when the schedule was suspended`);
  const expected = tryRender(playbook, behalfOf(trust), due);
  if (typeof expected === 'string') return refuse(expected);
  if (expected.name !== name || !isDeepStrictEqual(withoutUndefined(expected.spec), withoutUndefined(spec)))
    return refuse(`the action is not the one that the schedule of Playbook '${playbook.metadata.name}' files`);
  return [...refuseKeys('labels', labels), ...refuseKeys('annotations', annotations)];
}

// Controllers and policies of other programs may act on labels and annotations. The stamp is there when the webhook is called again.
function refuseKeys(what: 'labels' | 'annotations', values: FiledAction['labels']): Refusal[] {
  const found = Object.keys(values ?? {}).find((key) => what === 'labels' || key !== known.requestedBy);
  return found === undefined ? [] : refuse(`an action of a schedule must not have ${what}, and this one has '${found}'`);
}

function tryRender(playbook: Playbook, lender: string, due: number) {
  try {
    return scheduledAction(playbook, lender, due) ?? 'there is no schedule';
  } catch (error) {
    return error instanceof Error ? error.message : 'the action cannot be rendered';
  }
}

const withoutUndefined = (spec: AgentActionSpec): unknown => JSON.parse(JSON.stringify(spec));

const refuse = (message: string): Refusal[] => [{ code: 'NotScheduled', policy: 'Sentinel', rule: 'schedule', message }];
