import { type AgentAction, agentActions, annotations } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import {
  dataHandling,
  explainAll,
  judgeAmendment,
  judgeRounds,
  parseIdentity,
  playbookDigest,
  repeatedWork,
  withoutQuotes,
} from '@sentinel/policy';
import type { Surroundings } from '../enforce/gather-facts.ts';
import { type Claim, isBlockedOtherwise } from '../ledger/claim.ts';
import type { Entry } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/store.ts';
import { refuseClaim } from '../request/refused.ts';
import { type AmendedRun, BLOCKED_WRITE, type BlockedWrite } from './blocked-write.ts';

/**
 * The blocked run that an action amends, if that may be amended: by the objects, and by the gateway's own record of the run. Undefined for an
 * action that amends none. Throws Refused.
 */
export async function judgeAmended(
  client: KubeClient,
  ledger: Pick<Ledger, 'claimOfRun' | 'recording' | 'states'>,
  { action, requester, policies }: Surroundings,
  playbook: Parameters<typeof playbookDigest>[0],
): Promise<AmendedRun | undefined> {
  const { amends } = action.spec;
  if (!amends) return undefined;
  const namespace = action.metadata.namespace ?? '';
  const amended = (await client.get(agentActions, { namespace, name: amends.name })) ?? undefined;
  const amendedRequester = amended && requesterOf(amended);
  const refusals = judgeAmendment({ spec: action.spec, requester, amended, amendedRequester });
  if (refusals.length > 0) throw refuseAmendment(explainAll(refusals));
  const claim = await ledger.claimOfRun(amends.uid);
  const write = claim && (await ledger.recording<BlockedWrite>(claim.job, BLOCKED_WRITE));
  const fault =
    faultOfRun(claim, write, claim ? await ledger.states(claim.job) : []) ??
    (write && (write.requester !== requester.user || write.work !== repeatedWork(action.spec))
      ? 'it does not do the same work for the same requester'
      : undefined) ??
    (write?.playbook === playbookDigest(playbook) ? undefined : 'the Playbook has changed since');
  if (fault !== undefined || !write) throw refuseAmendment(`action '${amends.name}' cannot be amended: ${fault ?? 'no record'}`);
  const tooMany = judgeRounds(policies, write.round + 1);
  if (tooMany.length > 0) throw refuseAmendment(explainAll(withoutQuotes(dataHandling(policies), tooMany)));
  return { action: amends, write };
}

const requesterOf = ({ metadata }: AgentAction) => parseIdentity(metadata.annotations?.[annotations.requestedBy]);

/** Why the plan of a run cannot be amended, by the record of the gateway; undefined if it can. */
export function faultOfRun(
  claim: Pick<Claim, 'over' | 'blocked' | 'blockedByUnknown' | 'plan'> | undefined,
  write: Pick<BlockedWrite, 'blocked' | 'reason' | 'request' | 'plan'> | undefined,
  effects: readonly Pick<Entry, 'state' | 'rollback'>[],
): string | undefined {
  if (claim?.plan === undefined) return 'it had no run';
  if (claim.over === undefined) return 'its run is not over yet';
  if (!isBlockedOtherwise(claim as Claim)) return 'its run was not blocked by a write';
  if (!write || write.blocked !== claim.blocked || write.plan.digest !== claim.plan)
    return 'the write that blocked its run was not recorded';
  if (write.reason !== undefined || !write.request) return write.reason ?? 'the write that blocked its run was not kept';
  if (!effects.every(isUndone)) return 'what its run changed is not rolled back completely';
  return undefined;
}

const isUndone = ({ state, rollback }: Pick<Entry, 'state' | 'rollback'>): boolean =>
  state === 'Refused' || (state === 'Done' && (rollback === 'Restored' || rollback === 'Unchanged'));

const refuseAmendment = (why: string) => refuseClaim('NotAdmitted', `the amendment is not admitted: ${why}`);
