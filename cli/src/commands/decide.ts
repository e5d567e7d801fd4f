import { type AgentAction, agentActions, annotations, askingManager } from '@sentinel/crds';
import { isConflict } from '@sentinel/kube';
import { painter } from '../print/paint.ts';
import { renderShort } from '../print/plan.ts';
import { decidable, messageOf, type Review, readReview, stateOf } from '../read.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../session.ts';

export interface DecideFlags {
  readonly plan?: string;
  readonly comment?: string;
  readonly yes?: boolean;
}

export type Verb = 'approve' | 'reject' | 'revoke';
const done: Readonly<Record<Verb, string>> = { approve: 'approved', reject: 'rejected', revoke: 'revoked' };

/**
 * Shows the plan, asks, and sends the decision with the digest of what was shown. With `--plan` the person says which plan they
 * saw; another one is refused here already. The API server has the last word.
 */
export async function decide(session: Session, name: string, verb: Verb, flags: DecideFlags): Promise<number> {
  validate(session, verb, flags);
  const review = await readReview(session, name);
  requireDecidable(review, flags.plan, session.namespace);
  const { io } = session;
  io.out(renderShort(review, painter(io.colour)));
  if (!(await confirmed(session, `${verb} this plan?`, flags.yes === true))) {
    io.error('nothing was decided');
    return 1;
  }
  const answer = await send(session, review, verb, requestOf(verb, review.digest, flags.comment));
  requireSealed(review.action, answer, verb);
  io.out(`agentaction.sentinel.dev/${name} ${done[verb]}`);
  return 0;
}

function validate({ io }: Session, verb: Verb, flags: DecideFlags): void {
  if (verb === 'reject' && !flags.comment?.trim())
    throw new UsageError('say why with --comment: the agent and the record need a reason');
  if (flags.comment !== undefined && flags.comment.length > 1024)
    throw new UsageError('--comment may have at most 1024 characters');
  if (flags.plan !== undefined && !/^sha256:[a-f0-9]{64}$/.test(flags.plan))
    throw new UsageError('--plan must be the digest that `kubectl sentinel plan` shows: sha256: and 64 hexadecimal digits');
  requireSomebody(io, flags.yes === true);
}

function requireDecidable({ action, digest }: Review, seen: string | undefined, namespace: string): void {
  const { name } = action.metadata;
  if (seen !== undefined && seen !== digest)
    throw new UsageError(
      `the plan that you saw (${seen}) is not the current one (${digest}); look at it again: kubectl sentinel plan ${name} -n ${namespace}`,
    );
  if (!decidable.has(stateOf(action)))
    throw new UsageError(`there is nothing to decide: '${name}' is ${stateOf(action)}: ${messageOf(action)}`);
}

/** The annotations of a decision: the only thing that its update sets. */
export function requestOf(verb: Verb, digest: string, comment: string | undefined): Record<string, string> {
  return {
    [annotations.decision]: verb,
    [annotations.plan]: digest,
    ...(comment ? { [annotations.comment]: comment } : {}),
  };
}

const TRIES = 3;

// While a person reads, others decide and the operator writes: a conflict says nothing about the plan. It is sent again only when
// action, generation and plan are still those that were shown.
async function send(session: Session, shown: Review, verb: Verb, asked: Record<string, string>): Promise<AgentAction> {
  const { client, namespace } = session;
  const { name } = shown.action.metadata;
  let { action } = shown;
  for (let attempt = 1; ; attempt++) {
    const { uid, resourceVersion } = action.metadata;
    try {
      return await client.patch(
        agentActions,
        { name, namespace },
        { metadata: { uid, resourceVersion, annotations: asked } },
        { type: 'merge', fieldManager: askingManager(verb, shown.digest) },
      );
    } catch (error) {
      if (!isConflict(error) || attempt === TRIES) throw error;
    }
    const now = await readReview(session, name);
    const same =
      now.digest === shown.digest &&
      now.action.metadata.uid === shown.action.metadata.uid &&
      now.action.metadata.generation === shown.action.metadata.generation;
    if (!same)
      throw new UsageError(
        `the action changed while you were reading; look at it again: kubectl sentinel plan ${name} -n ${namespace}`,
      );
    action = now.action;
  }
}

// Without the webhook the annotation would just lie there, and count for nothing.
function requireSealed(before: AgentAction, after: AgentAction, verb: Verb): void {
  const sealed = after.metadata.annotations?.[annotations.approvals];
  const asked = after.metadata.annotations?.[annotations.decision];
  if (asked !== undefined || sealed === undefined || sealed === before.metadata.annotations?.[annotations.approvals])
    throw new UsageError(
      `the API server took the request to ${verb}, but nothing sealed it, so it counts for nothing: Sentinel's webhook is not in force. Tell your cluster admin`,
    );
}
