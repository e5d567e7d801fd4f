import type { AgentAction, Playbook } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import {
  accountUsers,
  adHocPlaybook,
  admit,
  dataHandling,
  explainAll,
  isAdHoc,
  judgeAgent,
  judgeParent,
  playbookDigest,
  remedyOf,
  trustOf,
  UNTRUSTED_STEPS,
  withoutQuotes,
} from '@sentinel/policy';
import type { AmendedRun } from '../amend/blocked-write.ts';
import { judgeAmended } from '../amend/judge-amended.ts';
import { gatherSurroundings, mayAllUse, type Surroundings } from '../enforce/gather-facts.ts';
import type { ActionRef } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { notePolicyRefusals } from '../metrics.ts';
import { refuseClaim } from '../request/refused.ts';
import { requireSource } from '../undo/source.ts';

/** The admitted rehearsal, according to the gateway's own reading of the action, the Playbook and the policies. */
export interface AdmittedRehearsal {
  readonly around: Surroundings;
  readonly playbook: Playbook;
  /** The blocked run that the action amends. */
  readonly amends: AmendedRun | undefined;
}

/**
 * Evaluates a rehearsal like the admission of an action: the Playbook with its trust, parameters, commands, the requester's right to use the
 * account, the run that it undoes. Limits and siblings, which only the operator can count, are not checked here. Throws Refused.
 */
export async function judgeRehearsal(client: KubeClient, ledger: Ledger, ref: ActionRef): Promise<AdmittedRehearsal> {
  const around = await gatherSurroundings(client, ref);
  const { action, requester, policies, keys, parent } = around;
  const playbook = admittedPlaybook(action, around.live);
  const trust = isAdHoc(action.spec) ? UNTRUSTED_STEPS : trustOf(playbook, keys, policies);
  const users = accountUsers(requester, { action, playbook, trust });
  const mayUseAccount = await mayAllUse(client, users, ref.namespace, playbook.spec.account);
  if (!mayUseAccount || action.status?.account !== playbook.spec.account)
    throw refuseClaim(
      'AccountNotAllowed',
      mayUseAccount
        ? `the status names accounts.sentinel.dev/${action.status?.account ?? ''}, but the Playbook runs as accounts.sentinel.dev/${playbook.spec.account}`
        : `the requester does not hold the verb 'use' on accounts.sentinel.dev/${playbook.spec.account}. ${remedyOf('AccountNotAllowed')}`,
    );
  const refusals = [
    ...judgeAgent(policies, requester),
    ...admit({ spec: action.spec, policies, playbook, trust, mayUseAccount }),
    ...judgeParent(policies, { spec: action.spec, requester, uid: ref.uid }, parent, undefined),
  ];
  if (refusals.length > 0) {
    notePolicyRefusals(refusals);
    throw refuseClaim(
      'NotAdmitted',
      `policy does not admit the action: ${explainAll(withoutQuotes(dataHandling(policies), refusals))}`,
    );
  }
  const { rollbackOf } = action.spec;
  if (rollbackOf) await requireSource(ledger, { source: rollbackOf }, { ...ref, account: playbook.spec.account });
  return { around, playbook, amends: await judgeAmended(client, ledger, around, playbook) };
}

// A rehearsal runs the admitted Playbook; one that changed since is refused.
function admittedPlaybook(action: AgentAction, live: Playbook | undefined): Playbook {
  const playbook = adHocPlaybook(action) ?? live;
  if (!playbook || playbookDigest(playbook) !== action.status?.playbook?.digest)
    throw refuseClaim('NotAdmitted', 'the Playbook changed after the action was admitted. Create the action again');
  return playbook;
}
