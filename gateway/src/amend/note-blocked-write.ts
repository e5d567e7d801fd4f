import type { ActionPlanSpec } from '@sentinel/crds';
import { roundOf } from '@sentinel/policy';
import { describeEffect } from '../effect/describe.ts';
import type { Observation } from '../effect/observe.ts';
import { blockedMessage } from '../enforce/block.ts';
import type { EnforceContext } from '../enforce/context.ts';
import { nameOf } from '../enforce/judge-write.ts';
import { type PackedRequest, packRequest } from '../ledger/codec.ts';
import type { Ledger } from '../ledger/store.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Enforcement, Run } from '../run/run.ts';
import { BLOCKED_WRITE, type BlockedWrite } from './blocked-write.ts';
import { whyNotAmendable } from './whether-amendable.ts';

const REFUSED_MAX = 512;
const WHY_MAX = 2048;
const REASON_MAX = 1024;

/**
 * Records the write that is about to block a run, and whether an amendment of the plan is offered. This comes before the block, because after
 * it nothing of the run is served any more; without the block it counts for nothing. A fault here costs the offer, and never the block.
 */
export async function noteBlockedWrite(
  { ledger, permission }: Pick<EnforceContext, 'ledger' | 'permission'>,
  run: Run,
  enforcement: Enforcement,
  { request, observed, why }: { readonly request: ParsedRequest; readonly observed: Observation; readonly why: string },
): Promise<void> {
  if (enforcement.blocked !== undefined || !permission.offer) return;
  try {
    const { plan } = enforcement;
    const effect = { ...describeEffect(request, observed), index: plan.spec.effects.length };
    const { work, reason: byPolicy } = await permission.offer(run, effect);
    const reason = whyNotAmendable(enforcement, request, observed) ?? byPolicy;
    const write: BlockedWrite = {
      blocked: blockedMessage(why),
      refused: nameOf(effect).slice(0, REFUSED_MAX),
      why: why.slice(0, WHY_MAX),
      plan: { name: plan.metadata.name, digest: enforcement.digest },
      playbook: plan.spec.playbook.digest,
      work,
      requester: run.requester.user,
      round: roundOf(plan.spec),
      ...(reason === undefined
        ? { request: packRequest(request), earlier: await earlierOf(ledger, plan.spec.amends) }
        : { reason: reason.slice(0, REASON_MAX) }),
    };
    await ledger.keepRecording(run.jobUid, write, BLOCKED_WRITE);
  } catch {
    // The run is blocked without an offer.
  }
}

// The rehearsal of the next amendment meets the write of this one no more than that of this one did.
async function earlierOf(
  ledger: Pick<Ledger, 'claimOfRun' | 'recording'>,
  amends: ActionPlanSpec['amends'],
): Promise<PackedRequest[]> {
  if (!amends) return [];
  const claim = await ledger.claimOfRun(amends.action.uid);
  const write = claim && (await ledger.recording<BlockedWrite>(claim.job, BLOCKED_WRITE));
  if (!write?.request) throw new Error('the write that this plan was amended with is not kept any more');
  return [...(write.earlier ?? []), write.request];
}
