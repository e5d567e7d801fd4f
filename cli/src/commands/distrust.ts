import {
  agentActions,
  annotations,
  askingManager,
  count,
  finalStates,
  type Playbook,
  playbooks,
  type State,
} from '@sentinel/crds';
import { WITHDRAW, WITHDRAWAL_PREFIX } from '@sentinel/policy';
import { readPlaybook, stateOf } from '../read.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../session.ts';
import { visible } from '../terminal/visible.ts';

export interface DistrustFlags {
  readonly yes?: boolean;
}

/** Withdraws the trust in a Playbook with a sealed record, and prints what happens to the actions that wait or run. */
export async function distrust(session: Session, name: string, flags: DistrustFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireSomebody(io, flags.yes === true);
  const playbook = await readPlaybook(session, name);
  const digest = requireTrusted(playbook);
  const affected = await unfinished(session, name);
  io.out(consequences(name, affected));
  if (!(await confirmed(session, 'Withdraw the trust in this Playbook?', flags.yes === true))) {
    io.error('nothing was withdrawn');
    return 1;
  }
  // The digest identifies what was shown. With a resourceVersion, someone who writes the Playbook in a loop could prevent the withdrawal.
  const { uid } = playbook.metadata;
  const answer = await client.patch(
    playbooks,
    { name, namespace },
    { metadata: { uid, annotations: { [annotations.trust]: `${WITHDRAW}${digest}` } } },
    { type: 'merge', fieldManager: askingManager('distrust', digest) },
  );
  if (!answer.metadata.annotations?.[annotations.trust]?.startsWith(WITHDRAWAL_PREFIX))
    throw new UsageError(
      'NotSealed',
      'the API server took the request, but the webhook of Sentinel did not seal it. The Playbook is not trusted any more; tell your cluster admin',
    );
  io.out(`playbook.sentinel.dev/${name} distrusted`);
  return 0;
}

function requireTrusted({ metadata, status }: Playbook): string {
  const sealed = metadata.annotations?.[annotations.trust];
  if (sealed === undefined && !status?.trustedByPolicies?.length)
    throw new UsageError('NothingToDecide', `nobody trusts the Playbook '${metadata.name}': there is nothing to withdraw`);
  if (sealed?.startsWith(WITHDRAWAL_PREFIX))
    throw new UsageError('NothingToDecide', `the trust in the Playbook '${metadata.name}' has been withdrawn already`);
  if (status?.digest === undefined || status.observedGeneration !== metadata.generation)
    throw new UsageError('NotObserved', 'waiting for the operator to read this Playbook; try again in a moment');
  return status.digest;
}

async function unfinished({ client, namespace }: Session, playbook: string) {
  const { items } = await client.list(agentActions, { namespace });
  return items
    .filter(({ spec }) => spec.playbookRef?.name === playbook)
    .map((action) => ({ name: action.metadata.name, state: stateOf(action) }))
    .filter(({ state }) => !finalStates.has(state as State));
}

/** What withdrawing trust does to the actions of the Playbook that have not ended. */
export function consequences(playbook: string, actions: readonly { readonly name: string; readonly state: string }[]): string {
  if (actions.length === 0) return visible(`No action of Playbook '${playbook}' waits or runs.`);
  return [
    visible(
      `Where policy asks for trust, ${count(actions.length, 'action')} of Playbook '${playbook}' ${actions.length === 1 ? 'does' : 'do'} not go on:`,
    ),
    ...actions.map(({ name, state }) => visible(`  ${name}   ${state}: ${underWay.has(state) ? ENDS_RUN : 'is denied'}`)),
  ].join('\n');
}

const ENDS_RUN = 'its next write is refused, and what it changed is rolled back where the plan says so';
const underWay: ReadonlySet<string> = new Set(['Running', 'Verifying', 'RollingBack']);
