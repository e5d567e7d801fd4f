import { type AgentAction, actionPlans, agentActions, finalStates, type State } from '@sentinel/crds';
import { isForbidden } from '@sentinel/kube';
import { describeSuspensions } from '@sentinel/policy';
import { type AroundCancellation, judgeCancellation } from '../print/cancellation.ts';
import { readSuspensions } from '../print/suspension.ts';
import { placeOf, readAction, stateOf } from '../read.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';

export interface CancelFlags {
  readonly yes?: boolean;
  readonly comment?: string;
}

/** The limit in the schema of AgentAction, in characters. */
const COMMENT_MAX = 1024;

/**
 * Cancels an action: prints what happens to it and to its changes, asks for confirmation, and sets `spec.cancelled`. The patch has no
 * resourceVersion, because writes of the operator must not delay a cancellation; the response shows the state that the action had by then.
 */
export async function cancel(session: Session, given: string, flags: CancelFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireSomebody(io, flags.yes === true);
  const comment = flags.comment?.trim() || undefined;
  if (comment !== undefined && comment.length > COMMENT_MAX)
    throw new UsageError('FlagInvalid', `--comment may have at most ${COMMENT_MAX} characters`);
  const action = await readAction(session, given, { isExact: flags.yes === true });
  const { name } = action.metadata;
  const around = await readAround(session, action);
  const judged = judgeCancellation(action, around);
  if (judged.kind === 'TooLate') throw new UsageError('NothingToDecide', judged.why);
  if (judged.kind === 'AlreadyCancelled') {
    io.out(`agentaction.sentinel.dev/${name} ${judged.why}`);
    return 0;
  }
  const paint = painter(io.colour);
  io.out(`${paint('bold', placeOf(action))}  ${visible(stateOf(action))}`);
  io.out(visibleBlock(action.spec.intent.summary, '  | '));
  for (const line of judged.lines) io.out(line);
  if (!(await confirmed(session, 'Cancel this action? It cannot be undone.', flags.yes === true))) {
    io.error('nothing was cancelled');
    return 1;
  }
  const answer = await client.patch(
    agentActions,
    { name, namespace },
    {
      metadata: { uid: action.metadata.uid },
      spec: { cancelled: true, ...(comment === undefined ? {} : { cancelComment: comment }) },
    },
    { type: 'merge', fieldManager: 'kubectl-sentinel' },
  );
  if (!answer.spec.cancelled)
    throw new UsageError('ObjectChanged', 'the API server took the request, but the action is not cancelled; look at it again');
  return tell(session, answer, { around, said: judged.lines });
}

// The printed text may be outdated: the action may have continued while a person read it.
function tell(
  { namespace, io }: Session,
  answer: AgentAction,
  { around, said }: { readonly around: AroundCancellation; readonly said: readonly string[] },
): number {
  const { name } = answer.metadata;
  const found = judgeCancellation({ ...answer, spec: { ...answer.spec, cancelled: false } }, around);
  if (found.kind !== 'Possible')
    throw new UsageError('NothingToDecide', found.kind === 'TooLate' ? found.why : 'the action was not cancelled');
  if (found.lines.join() !== said.join()) {
    io.out(`In the meantime the action has become ${visible(stateOf(answer))}:`);
    for (const line of found.lines) io.out(line);
  }
  io.out(`agentaction.sentinel.dev/${name} cancelled`);
  io.out(`see what happens to it: kubectl sentinel watch ${name} -n ${namespace}`);
  return 0;
}

async function readAround(session: Session, action: AgentAction): Promise<AroundCancellation> {
  const { client, namespace } = session;
  const summary = action.status?.plan;
  const [plan, others] = await Promise.all([
    summary ? whereAllowed(client.get(actionPlans, { name: summary.name, namespace })) : undefined,
    whereAllowed(client.list(agentActions, { namespace })),
  ]);
  const killSwitches = await readSuspensions(session, [action]);
  const parts = (others?.items ?? []).filter(
    (one) => one.spec.intent.parentAction === action.metadata.name && !finalStates.has(stateOf(one) as State),
  );
  return {
    plan: plan ?? undefined,
    killSwitches: killSwitches.map((one) => describeSuspensions([one])),
    parts: parts.map(({ metadata }) => metadata.name),
  };
}

// The requester may cancel an action even without the right to read policies, plans and child actions.
async function whereAllowed<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
