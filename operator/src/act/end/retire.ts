import { agentActions } from '@sentinel/crds';
import { policyName } from '@sentinel/policy';
import { record } from '../../status/record.ts';
import type { ActContext, Pass } from '../context.ts';

/** Adds the last record of an action: its retention time is over, according to the named policies. */
export function retire({ draft, action, facts, now }: Pass): void {
  const by = facts.policies.policies
    .filter(({ spec }) => spec?.dataHandling?.retainFor !== undefined)
    .map((policy) => `${policyName(policy)}: ${policy.spec?.dataHandling?.retainFor ?? ''}`);
  record(
    draft,
    action,
    {
      transition: 'Retired',
      actor: 'sentinel-operator',
      summary: `${by.length > 0 ? `its time of retention is over (${by.join(', ')})` : 'its schedule keeps only later actions'}; it is deleted with its plans and results`,
      plan: draft.plan?.digest,
      details: { 'sentinel.plan.name': draft.plan?.name },
    },
    now,
  );
}

/** Deletes an action whose retirement a sink has acknowledged, and only that one. Its plans are deleted with it, because it owns them. */
export async function deleteRetired({ client }: ActContext, { action }: Pass): Promise<void> {
  const { name, namespace, uid } = action.metadata;
  await client.delete(agentActions, { name, namespace }, { preconditions: { uid }, propagationPolicy: 'Background' });
}
