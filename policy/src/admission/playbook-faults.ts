import type { PlaybookSpec } from '@sentinel/crds';
import { scheduleFaults } from '../schedule/faults.ts';
import { resolveParameters, stepFaults } from './parameters.ts';

/** Faults in a Playbook, for any requester: in its steps, and in its schedule, whose parameters it must accept. */
export function playbookFaults(playbook: PlaybookSpec): string[] {
  const { schedule } = playbook;
  if (!schedule) return stepFaults(playbook);
  const refusals = resolveParameters(playbook, schedule.parameters).refusals;
  return [
    ...stepFaults(playbook),
    ...scheduleFaults(schedule),
    ...refusals.map(({ message }) => `\`schedule.parameters\`: ${message}`),
  ];
}
