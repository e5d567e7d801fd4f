import { annotations, type Playbook } from '@sentinel/crds';
import { aPlaybook } from '@sentinel/policy/testing';

/** The Playbook `fix` in the namespace `shop`, which ada wrote, with a schedule. */
export const aScheduledPlaybook = (schedule: object = {}, more: Partial<Playbook> = {}): Playbook => ({
  ...aPlaybook(
    { schedule: { cron: '0 */6 * * *', ...schedule } },
    { annotations: { [annotations.authors]: '{"user":"ada","uid":"","groups":[]}' } },
  ),
  ...more,
});
