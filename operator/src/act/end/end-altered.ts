import { namespaces, type StageStatus } from '@sentinel/crds';
import { condition } from '../../status/conditions.ts';
import { cut } from '../../status/text.ts';
import type { Pass } from '../context.ts';
import { failVerification } from '../outcome/fail-verification.ts';
import { verifyAgain } from '../outcome/verify-again.ts';
import { end } from './end.ts';

const MESSAGE_MAX = 2000;
const SHOWN = 5;

/**
 * Ends a stage whose Job was changed before it was released, so that none of its steps ran: a verification is started again,
 * any other stage ends its action. `when` says when it was changed, and `found` names the changed fields.
 */
export function endAltered(pass: Pass, job: Omit<StageStatus, 'outcome'>, when: string, found: readonly string[]): void {
  const { draft, now } = pass;
  const message = `the Job was altered ${when}, so it was never released: ${found.slice(0, SHOWN).join('; ')}. Exempt the namespace '${namespaces.sandboxes}' from the webhook, policy or controller that does this; docs/guides/admins.md lists what is accepted`;
  const ended = {
    ...job,
    finishedAt: new Date(now).toISOString(),
    outcome: 'Failed',
    message: cut(message, MESSAGE_MAX),
  } as const;
  const { stages = [] } = draft;
  const isRecorded = stages.some(({ uid }) => uid === job.uid);
  if (isRecorded) draft.stages = stages.map((one) => (one.uid === job.uid ? ended : one));
  if (job.stage === 'verification') {
    if (!isRecorded) draft.stages = [...stages, ended].slice(-16);
    if (!verifyAgain(pass, ended, 'NeverReleased')) failVerification(pass, message);
    return;
  }
  condition(draft, job.stage === 'run' ? 'Executed' : 'Rehearsed', 'False', 'Failed', message, now);
  end(pass, job.stage === 'run' ? 'RunFailed' : 'RehearsalFailed', message);
}
