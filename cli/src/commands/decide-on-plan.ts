import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentAction, agentActions, annotations, askingManager, count } from '@sentinel/crds';
import { backoffDelay, isConflict } from '@sentinel/kube';
import { describeSuspensions, parseDecisions, reasonFault, remedyOf } from '@sentinel/policy';
import { reasonsToApprove, renderForDecision } from '../print/plan.ts';
import { decidable, messageOf, type Review, readReview, stateOf } from '../read.ts';
import { confirmed, requireSeen, requireSomebody, type Session, UsageError } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

export interface DecideFlags {
  readonly plan?: string;
  readonly comment?: string;
  readonly yes?: boolean;
  readonly full?: boolean;
}

export type Verb = 'approve' | 'reject' | 'revoke' | 'request-changes';
const done: Readonly<Record<Verb, string>> = {
  approve: 'approved',
  reject: 'rejected',
  revoke: 'revoked',
  'request-changes': 'changes requested',
};
/** What a person is asked to confirm. */
const asked: Readonly<Record<Verb, string>> = {
  approve: 'approve this plan?',
  reject: 'reject this plan?',
  revoke: 'revoke this plan?',
  'request-changes': 'request changes of this plan?',
};

/**
 * Shows the plan, asks for confirmation, and sends the decision with the digest of the plan that was shown. With `--plan` the person names
 * the plan that they saw; a different plan is refused here already. The API server makes the final check.
 */
export async function decideOnPlan(session: Session, given: string, verb: Verb, flags: DecideFlags): Promise<number> {
  validate(session, verb, flags);
  const review = await readReview(session, given, { isExact: flags.yes === true });
  const { name } = review.action.metadata;
  requireDecidable(review, flags.plan, session.namespace);
  if (verb === 'approve') requireReason(review, flags.comment);
  const { io } = session;
  const unseen = await show(session, review, flags.full === true);
  const question =
    unseen === 0
      ? asked[verb]
      : `${asked[verb]} ${count(unseen, 'part')} of it ${unseen === 1 ? 'was' : 'were'} not shown; --full shows ${unseen === 1 ? 'it' : 'them'}.`;
  if (!(await confirmed(session, question, flags.yes === true))) {
    io.error('nothing was decided');
    return 1;
  }
  const request = requestOf(verb, review.digest, flags.comment);
  const answer = await send(session, review, askingManager(verb, review.digest), request);
  requireSealed(review.action, answer, verb);
  const held = verb === 'approve' ? (suspensionNotice(answer) ?? revisionNotice(answer, review.digest)) : undefined;
  io.out(`agentaction.sentinel.dev/${name} ${held === undefined ? done[verb] : `approval recorded: ${held}`}`);
  return 0;
}

// The pager shows everything. Without a pager a long plan may scroll off the screen, so long parts are left out and counted.
async function show({ io }: Session, review: Review, full: boolean): Promise<number> {
  const paint = painter(io.colour);
  const whole = renderForDecision(review, { paint, full: true });
  const short = full ? whole : renderForDecision(review, { paint, full: false });
  return (await io.page(whole.text, short.text)) ? 0 : short.folded.length;
}

function validate(session: Session, verb: Verb, flags: DecideFlags): void {
  if (verb === 'request-changes' && !flags.comment?.trim())
    throw new UsageError('FlagRequired', '--comment is required: it tells the requester what to change');
  if (verb === 'reject' && !flags.comment?.trim())
    throw new UsageError('FlagRequired', '--comment is required: it tells the agent and the audit trail why');
  checkCommonFlags(session, flags, verb === 'approve');
}

const PLAN_FLAG = { flag: '--plan', where: 'the digest that `kubectl sentinel plan` shows' };

/** Throws UsageError for invalid flags of a decision. A decision that `consents` must name the digest of the plan that was seen. */
export function checkCommonFlags({ io }: Session, { comment, plan, yes = false }: DecideFlags, consents: boolean): void {
  if (comment !== undefined && comment.length > 1024)
    throw new UsageError('FlagInvalid', '--comment may have at most 1024 characters');
  if (consents || plan !== undefined) requireSeen(io, { yes, seen: plan }, PLAN_FLAG);
  else requireSomebody(io, yes);
}

function requireDecidable({ action, digest }: Review, seen: string | undefined, namespace: string): void {
  const { name } = action.metadata;
  if (seen !== undefined && seen !== digest)
    throw new UsageError(
      'ObjectChanged',
      `the plan that you saw (${seen}) is not the current one (${digest}); look at it again: kubectl sentinel plan ${name} -n ${namespace}`,
    );
  if (!decidable.has(stateOf(action)))
    throw new UsageError('NothingToDecide', `there is nothing to decide: '${name}' is ${stateOf(action)}: ${messageOf(action)}`);
}

// The API server decides; what is missing is told before the person has read the plan and confirmed.
function requireReason(review: Review, comment: string | undefined): void {
  const fault = reasonFault(reasonsToApprove(review), comment);
  if (fault)
    throw new UsageError(
      fault.code,
      visible(`${fault.message} (policy requires it: reasons.approvals). ${remedyOf(fault.code)}`),
    );
}

/** The annotations of a decision: the only thing that its update sets. */
export function requestOf(verb: Verb, digest: string, comment: string | undefined): Record<string, string> {
  return {
    [annotations.decision]: verb,
    [annotations.plan]: digest,
    ...(comment ? { [annotations.comment]: comment } : {}),
  };
}

const TRIES = 8;
const PAUSE = { baseMs: 200, maxMs: 3_000, jitter: 0.5 };

/**
 * Sends the annotations of a decision. The patch names the object by uid and the plan by digest, but has no resourceVersion: others decide
 * and the operator writes while a person reads, and someone who writes in a loop must not be able to prevent decisions. After a conflict it
 * is sent again, only if action, generation and plan are still those that were shown.
 */
export async function send(
  session: Session,
  shown: Review,
  fieldManager: string,
  asked: Record<string, string>,
): Promise<AgentAction> {
  const { client, namespace } = session;
  const { name, uid, generation } = shown.action.metadata;
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.patch(
        agentActions,
        { name, namespace },
        { metadata: { uid, annotations: asked } },
        { type: 'merge', fieldManager },
      );
    } catch (error) {
      if (!isConflict(error) || attempt === TRIES) throw error;
    }
    await sleep(backoffDelay(attempt - 1, PAUSE));
    const { action, digest } = await readReview(session, name);
    if (digest !== shown.digest || action.metadata.uid !== uid || action.metadata.generation !== generation)
      throw new UsageError(
        'ObjectChanged',
        `the action changed while you were reading; look at it again: kubectl sentinel plan ${name} -n ${namespace}`,
      );
  }
}

/** Why an approval that was sealed does not count; undefined if nothing suspends the action. */
export function suspensionNotice(action: AgentAction): string | undefined {
  if (stateOf(action) !== 'Suspended') return undefined;
  const by = describeSuspensions(action.status?.suspension ?? []);
  return visible(
    `it does not count, because the action is suspended${by === '' ? '' : ` by ${by}`}; approve again after the kill switch is turned off`,
  );
}

/** Throws UsageError if the decision was not sealed: without the webhook the annotation would be stored and have no effect. */
export function requireSealed(before: AgentAction, after: AgentAction, verb: string): void {
  const sealed = after.metadata.annotations?.[annotations.approvals];
  const asked = after.metadata.annotations?.[annotations.decision];
  if (asked !== undefined || sealed === undefined || sealed === before.metadata.annotations?.[annotations.approvals])
    throw new UsageError(
      'NotSealed',
      `the API server took the request to ${verb}, but the webhook of Sentinel did not seal it, so it has no effect. Tell your cluster admin`,
    );
}

// The newest record is the one that was just made: its person has replaced their own request with it.
function revisionNotice({ metadata }: AgentAction, plan: string): string | undefined {
  const { records } = parseDecisions(metadata.annotations?.[annotations.approvals]);
  const last = new Map(records.filter((record) => record.plan === plan).map((record) => [record.user, record]));
  const asking = [...last.values()].find(({ decision }) => decision === 'request-changes');
  return asking && visible(`nothing starts while changes are requested (by ${asking.user}: ${asking.comment ?? ''})`);
}
