import { API_VERSION, agentActions, playbooks } from '@sentinel/crds';
import { isAlreadyExists, type KubeClient } from '@sentinel/kube';
import { behalfByStatus, isDue, runsSince, scheduledAction, timesOf } from '@sentinel/policy';

/** The run of a schedule for which a pod was started. `due` is in milliseconds since the epoch. */
export interface ScheduledRun {
  readonly namespace: string;
  readonly playbook: string;
  readonly due: number;
}

/**
 * Creates the action of a schedule, once for each due time. Answers with what was done. Throws an error if the action could not be filed; that may be
 * tried again.
 */
export async function fileScheduledAction(
  client: Pick<KubeClient, 'get' | 'create'>,
  { namespace, playbook: name, due }: ScheduledRun,
): Promise<string> {
  const playbook = await client.get(playbooks, { namespace, name });
  const at = new Date(due).toISOString();
  if (!playbook?.spec.schedule) return `Playbook '${name}' has no schedule any more; nothing was filed`;
  if (!isDue(timesOf(playbook.spec.schedule, playbook), due)) return `the schedule is not due at ${at}; nothing was filed`;
  const since = runsSince(playbook);
  if (since === undefined || due < since) return `the schedule was suspended at ${at}; nothing was filed`;
  const lender = behalfByStatus(playbook);
  if (lender === undefined) return `Playbook '${name}' is not trusted; nothing was filed`;
  const action = scheduledAction(playbook, lender, due);
  if (!action) return 'there is no schedule; nothing was filed';
  try {
    await client.create(agentActions, {
      apiVersion: API_VERSION,
      kind: 'AgentAction',
      metadata: { name: action.name, namespace },
      spec: action.spec,
    });
    return `filed AgentAction '${action.name}' in namespace '${namespace}'`;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return `AgentAction '${action.name}' was filed before`;
  }
}
