import { annotations, type Playbook, playbooks, REVOKE_SCHEDULE, StandingRisk, standingApprovalRequest } from '@sentinel/crds';
import { parseStanding, playbookDigest } from '@sentinel/policy';
import { renderPlaybook, standingSentence } from '../../print/playbook.ts';
import { readPlaybook } from '../../read.ts';
import { confirmed, requireSeen, requireSomebody, type Session, UsageError } from '../../session.ts';
import { painter } from '../../terminal/paint.ts';
import { visible } from '../../terminal/visible.ts';
import { digestOfShown } from '../trust.ts';

export interface ApproveScheduleFlags {
  /** When it ends: a time from now in milliseconds, or a date. */
  readonly until: number | string;
  readonly upToRisk?: string;
  readonly comment?: string;
  readonly digest?: string;
  readonly yes?: boolean;
}

export interface RevokeScheduleFlags {
  readonly comment?: string;
  readonly yes?: boolean;
}

const DIGEST_FLAG = { flag: '--digest', where: '`.status.digest` of the Playbook as you read it' };
const COMMENT_MAX = 1024;

/** Shows a Playbook, asks for confirmation, and has a standing approval of its schedule sealed. */
export async function approveSchedule(session: Session, name: string, flags: ApproveScheduleFlags): Promise<number> {
  const { namespace, io } = session;
  requireSeen(io, { yes: flags.yes === true, seen: flags.digest }, DIGEST_FLAG);
  requireComment(flags.comment);
  const upToRisk = StandingRisk.safeParse(flags.upToRisk ?? 'Medium').data;
  if (!upToRisk) throw new UsageError('FlagInvalid', `--up-to-risk must be one of ${StandingRisk.options.join(', ')}`);
  const until = endOf(flags.until, io.now());
  const playbook = await readPlaybook(session, name);
  requireSchedule(playbook);
  const digest = digestOfShown(playbook);
  if (flags.digest !== undefined && flags.digest !== digest)
    throw new UsageError(
      'ObjectChanged',
      `the Playbook that you saw (${flags.digest}) is not the current one (${digest}); read it again: kubectl get playbook ${name} -n ${namespace} -o yaml`,
    );
  const paint = painter(io.colour);
  const what = [
    `${paint('bold', 'STANDING APPROVAL')}  of each action of this schedule up to the risk ${upToRisk}, until ${until}`,
    '  You do not see these plans before they run. Deletions, credentials, rights, a weakening of security, changes that cannot be',
    '  rolled back or seen in full, and Critical plans wait for people nevertheless. An edit of the Playbook ends it.',
  ];
  await io.page([renderPlaybook(playbook, digest, paint), ...what].join('\n'));
  if (!(await confirmed(session, 'Approve this schedule in advance?', flags.yes === true))) {
    io.error('nothing was approved');
    return 1;
  }
  const asked = standingApprovalRequest(digest, until, upToRisk);
  const answer = await send(session, playbook, { asked, manager: asked, comment: flags.comment });
  const after = parseStanding(answer).at(-1);
  requireSealed(after?.decision === 'approve' && after.expires === until && after.upToRisk === upToRisk);
  io.out(`playbook.sentinel.dev/${name} schedule approved until ${until}`);
  return 0;
}

/** Revokes all standing approvals of the schedule of a Playbook with a sealed record. */
export async function revokeSchedule(session: Session, name: string, flags: RevokeScheduleFlags): Promise<number> {
  const { io } = session;
  requireSomebody(io, flags.yes === true);
  requireComment(flags.comment);
  const playbook = await readPlaybook(session, name);
  const given = playbook.status?.standingApprovals ?? [];
  if (!parseStanding(playbook).some(({ decision }) => decision === 'approve'))
    throw new UsageError(
      'NothingToDecide',
      `the schedule of Playbook '${name}' has no standing approval: there is nothing to revoke`,
    );
  for (const one of given) io.out(standingSentence(one));
  io.out('Actions of the schedule wait for people again. A run that relies on it ends before its next write.');
  if (!(await confirmed(session, 'Revoke all standing approvals of this schedule?', flags.yes === true))) {
    io.error('nothing was revoked');
    return 1;
  }
  // A wrong status must not prevent it.
  const manager = `${REVOKE_SCHEDULE}:${playbookDigest(playbook)}`;
  const answer = await send(session, playbook, { asked: REVOKE_SCHEDULE, manager, comment: flags.comment });
  requireSealed(parseStanding(answer).at(-1)?.decision === 'revoke');
  io.out(`playbook.sentinel.dev/${name} standing approvals revoked`);
  return 0;
}

/** The lines below the list of schedules: what was approved in advance. */
export const standingNotes = ({ metadata, status }: Playbook): string[] =>
  (status?.standingApprovals ?? []).map((one) => {
    const doubt = one.counts ? '' : ` (does not count: ${one.why ?? 'no reason given'})`;
    return visible(`+ ${metadata.name}: ${standingSentence(one)}${doubt}`);
  });

// The digest identifies what was shown, and the uid the object: a resourceVersion would let anyone who writes it in a loop prevent this.
async function send(
  { client, namespace }: Session,
  { metadata }: Playbook,
  { asked, manager, comment }: { readonly asked: string; readonly manager: string; readonly comment: string | undefined },
): Promise<Playbook> {
  const said = { [annotations.decision]: asked, ...(comment === undefined ? {} : { [annotations.comment]: comment }) };
  return await client.patch(
    playbooks,
    { name: metadata.name, namespace },
    { metadata: { uid: metadata.uid, annotations: said } },
    { type: 'merge', fieldManager: manager },
  );
}

function requireSealed(isSealed: boolean): void {
  if (!isSealed)
    throw new UsageError(
      'NotSealed',
      'the API server took the request, but the webhook of Sentinel did not seal it, so it has no effect. Tell your cluster admin',
    );
}

function requireSchedule({ metadata, spec }: Playbook): void {
  if (!spec.schedule)
    throw new UsageError('ObjectNotFound', `Playbook '${metadata.name}' has no schedule that could be approved`);
}

function requireComment(comment: string | undefined): void {
  if (comment !== undefined && comment.length > COMMENT_MAX)
    throw new UsageError('FlagInvalid', `--comment may have at most ${COMMENT_MAX} characters`);
}

function endOf(until: number | string, now: number): string {
  const end = typeof until === 'number' ? now + until : Date.parse(until);
  if (Number.isNaN(end))
    throw new UsageError('FlagInvalid', `--until must be a time such as 30d, or a date such as 2026-12-31, not '${until}'`);
  return `${new Date(end).toISOString().slice(0, 19)}Z`;
}
