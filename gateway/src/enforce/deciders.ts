import { firstAllowed, type KubeClient } from '@sentinel/kube';
import { askDeciders, claimedAuthors, consentsIn, evaluatePlan, everyRequester, type PlanFacts } from '@sentinel/policy';

/** The current rights of people whose approvals and resolutions count, checked by the gateway itself. */
export async function askForDeciders(client: KubeClient, facts: PlanFacts): Promise<PlanFacts['deciders']> {
  return await askDeciders(
    (who, rights) => firstAllowed(client, who, rights),
    { namespace: facts.action.metadata.namespace ?? '', name: facts.action.metadata.name },
    consentsIn(evaluatePlan(facts).tally, facts.action.spec.playbookRef?.name),
    everyRequester({
      ...facts,
      editors: [...facts.editors, ...claimedAuthors(facts.action.spec)],
      onBehalfOf: facts.action.spec.onBehalfOf?.user,
    }),
  );
}
