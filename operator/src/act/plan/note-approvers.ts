import { isDeepStrictEqual } from 'node:util';
import type { AgentAction, AgentActionStatus } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';

type Required = NonNullable<AgentActionStatus['required']>;

/**
 * Reports if none of the groups whose members may approve has the verb `approve`: then only members with a binding of their own can
 * approve, as far as Sentinel knows. Checked when the groups change, and repeatedly while nobody can approve, because bindings are not watched.
 */
export async function noteApprovers({ client }: Pick<ActContext, 'client'>, { draft, action }: Pass): Promise<void> {
  const { required } = draft;
  const groups = required && groupsOf(required);
  if (!required || !groups || groups.length === 0 || draft.finishedAt !== undefined) return;
  const before = action.status?.required;
  if (before && before.unmet === undefined && isDeepStrictEqual(groupsOf(before), groups)) return;
  const holders = await Promise.all(groups.map((group) => mayApprove(client, action, group)));
  if (holders.some(Boolean)) return;
  const namespace = action.metadata.namespace ?? '';
  draft.required = {
    ...required,
    unmet: cut(
      `none of the groups ${groups.join(', ')} holds the verb 'approve' on agentactions in namespace '${namespace}'; bind one of them to the ClusterRole 'sentinel-approver', unless members hold the verb by a binding of their own`,
      1024,
    ),
  };
}

/** The same as the end of a sentence; empty if somebody can approve. */
export const unmetOf = ({ required }: AgentActionStatus): string => (required?.unmet === undefined ? '' : `; ${required.unmet}`);

const groupsOf = ({ autoReview, groups, approverGroups }: Required) => (autoReview ? undefined : (groups ?? approverGroups));

async function mayApprove(client: KubeClient, { metadata }: AgentAction, group: string): Promise<boolean> {
  const { namespace = '', name } = metadata;
  const review = await client.subjectAccessReview({
    groups: [group],
    resourceAttributes: { group: 'sentinel.dev', resource: 'agentactions', verb: 'approve', namespace, name },
  });
  return review.allowed && !review.denied;
}
