import { isDeepStrictEqual } from 'node:util';
import { type AgentAction, annotations, type Playbook } from '@sentinel/crds';
import { authorsOf, lendersOf, playbookDigest, type Trust, trustedDigest, trusterOf } from '../approval/trust.ts';
import type { Identity } from '../identity/identity.ts';
import { actionName, dueOf, isSchedule } from './scheduled-action.ts';

/** An action and the Playbook that it runs, from the same reads. */
export interface LentAccount {
  readonly action: Pick<AgentAction, 'spec'> & {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> | undefined };
  };
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
}

/**
 * Whose right to use an account counts; each of them must hold it. That of the requester; for the action of a schedule, that of the person who
 * trusted its Playbook, or of its authors where the floor trusts it. They lend it to exactly what is trusted: to this Playbook, with the
 * parameters of its schedule, in an action that nobody amended.
 */
export function accountUsers(requester: Identity, { action, playbook, trust }: LentAccount): readonly Identity[] {
  if (!isSchedule(requester) || !trust.trusted || !playbook) return [requester];
  const lenders = lendersOf(trust);
  if (lenders.length === 0 || trustedDigest(trust) !== playbookDigest(playbook) || !isAsScheduled(action, playbook))
    return [requester];
  return lenders;
}

/** Whether everyone whose right counts holds it, by a question about one of them. False for nobody. */
export async function allHold(users: readonly Identity[], holds: (user: Identity) => Promise<boolean>): Promise<boolean> {
  for (const user of users) if (!(await holds(user))) return false;
  return users.length > 0;
}

/**
 * The people who count as requesters of the action of a schedule, with uid and groups as the webhook stamped them: the authors of its Playbook and who
 * trusted it. The action itself has their names only. Trust need not be valid any more, because this only prevents approvals.
 */
export function peopleOfSchedule(requester: Identity, playbook: Playbook | undefined): Identity[] {
  if (!isSchedule(requester) || !playbook) return [];
  const truster = trusterOf(playbook);
  return [...(authorsOf(playbook) ?? []), ...(truster ? [truster] : [])];
}

/**
 * Whether an action is the one that the schedule of a Playbook files, and nobody amended it. A cancelled action starts nothing any more, but may be
 * rolled back; the person who cancelled it is among those who amended it.
 */
export function isAsScheduled({ metadata, spec }: LentAccount['action'], playbook: Playbook): boolean {
  const { schedule } = playbook.spec;
  const due = dueOf(metadata.name);
  if (!schedule || due === undefined || metadata.name !== actionName(playbook.metadata.name, due)) return false;
  if (spec.steps !== undefined || spec.playbookRef?.name !== playbook.metadata.name) return false;
  if (metadata.annotations?.[annotations.amendedBy] && !spec.cancelled) return false;
  return isDeepStrictEqual(spec.parameters ?? [], schedule.parameters ?? []);
}
