import { agentActions, annotations } from '@sentinel/crds';
import { parseIdentity } from '@sentinel/policy';
import { age, table } from '../print/table.ts';
import { stateOf } from '../read.ts';
import type { Session } from '../session.ts';

/** Lists the actions that wait for people. */
export async function queue({ client, namespace, flags, io }: Session): Promise<number> {
  const all = flags.allNamespaces === true;
  const { items } = await client.list(agentActions, all ? {} : { namespace });
  const waiting = items.filter((action) => ['AwaitingApproval', 'Suspended'].includes(stateOf(action)));
  if (flags.output === 'json') io.out(JSON.stringify(waiting, null, 2));
  else if (waiting.length === 0)
    io.out(all ? 'Nothing waits for a decision.' : `Nothing waits for a decision in namespace ${namespace}.`);
  else {
    const rows = waiting.map((action) => {
      const { status, metadata } = action;
      const given = status?.decisions?.filter(({ counts, decision }) => counts && decision === 'approve').length ?? 0;
      const requester = parseIdentity(metadata.annotations?.[annotations.requestedBy])?.user.replace(
        'system:serviceaccount:',
        '',
      );
      const since = status?.conditions?.find(({ type }) => type === 'Rehearsed')?.lastTransitionTime;
      const row = [
        metadata.name,
        status?.plan?.risk,
        status?.plan?.effects,
        `${given}/${status?.required?.approvals ?? 1}`,
        requester,
        age(since, io.now()),
      ];
      return all ? [metadata.namespace, ...row] : row;
    });
    io.out(table([...(all ? ['NAMESPACE'] : []), 'NAME', 'RISK', 'EFFECTS', 'APPROVALS', 'REQUESTER', 'WAITING'], rows));
  }
  return 0;
}
