import { firstAllowed, type KubeClient } from '@sentinel/kube';
import { askDeciders, claimedAuthors, consentsIn, everyRequester, type Tally } from '@sentinel/policy';
import { editorsOf } from './editors.ts';
import type { Facts } from './facts.ts';

/**
 * Adds the current rights of the people whose approvals and resolutions count: a right that was removed after the decision makes the decision
 * void. Checked live, and only right before the start of the real run or a resolution.
 */
export async function withDeciders(client: KubeClient, facts: Facts, tally: Tally): Promise<Facts> {
  const { action, requester } = facts;
  const editors = editorsOf(facts);
  if (!requester || !editors) return { ...facts, deciders: new Map() };
  const deciders = await askDeciders(
    (who, rights) => firstAllowed(client, who, rights),
    { namespace: action.metadata.namespace ?? '', name: action.metadata.name },
    consentsIn(tally, action.spec.playbookRef?.name),
    everyRequester({
      requester,
      editors: [...editors, ...claimedAuthors(action.spec)],
      onBehalfOf: action.spec.onBehalfOf?.user,
    }),
  );
  return { ...facts, deciders };
}
