import { agentActions, annotations } from '@sentinel/crds';
import { painter, renderPlan } from '../print/plan.ts';
import { readAction, readPlan } from '../read.ts';
import { type Session, UsageError } from '../session.ts';

export interface DecideFlags {
  readonly plan?: string;
  readonly comment?: string;
  readonly yes?: boolean;
}

const done = { approve: 'approved', reject: 'rejected', revoke: 'revoked' } as const;

/**
 * Shows the plan, asks, and sends the decision with the digest of what was shown. With `--plan` the person says which plan they
 * saw; another one is refused here already. The API server has the last word.
 */
export async function decide(session: Session, name: string, decision: keyof typeof done, flags: DecideFlags): Promise<number> {
  const { client, namespace, io } = session;
  if (decision === 'reject' && !flags.comment)
    throw new UsageError('say why with --comment: the agent and the record need a reason');
  const action = await readAction(session, name);
  const { plan, digest } = await readPlan(session, action);
  if (flags.plan !== undefined && flags.plan !== digest)
    throw new UsageError(
      `the plan that you saw (${flags.plan.slice(0, 80)}) is not the current one (${digest}); look at it again: kubectl sentinel plan ${name} -n ${namespace}`,
    );
  if (flags.plan === undefined || !flags.yes) io.out(renderPlan(plan, action, digest, painter(io.colour)));
  if (!flags.yes && !(await confirmed(session, decision))) {
    io.out('nothing was decided');
    return 1;
  }
  const decided = {
    [annotations.decision]: decision,
    [annotations.plan]: digest,
    ...(flags.comment ? { [annotations.comment]: flags.comment } : {}),
  };
  await client.patch(
    agentActions,
    { name, namespace },
    { metadata: { resourceVersion: action.metadata.resourceVersion, annotations: decided } },
    { type: 'merge', fieldManager: 'kubectl-sentinel' },
  );
  io.out(`agentaction.sentinel.dev/${name} ${done[decision]}`);
  return 0;
}

async function confirmed({ io }: Session, decision: string): Promise<boolean> {
  if (!io.ask) throw new UsageError('nobody is there to answer; pass --yes together with --plan');
  return /^y(es)?$/i.test((await io.ask(`\n${decision} this plan? [y/N] `)).trim());
}
