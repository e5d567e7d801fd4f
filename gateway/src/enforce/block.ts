import { Overtaken } from '../ledger/store.ts';
import { withdraw } from '../ledger/withdraw.ts';
import type { GatewayErrorCode } from '../request/gateway-errors.ts';
import { forbidden } from '../request/refused.ts';
import type { Enforcement, Run } from '../run/run.ts';
import type { EnforceContext } from './context.ts';

const MESSAGE_MAX = 1800;

/** What the claim of a blocked run says. */
export const blockedMessage = (why: string): string =>
  `${why}. The run is blocked: no further write is sent`.slice(0, MESSAGE_MAX);

/** Why a run is blocked. */
type BlockCode = Extract<GatewayErrorCode, 'NotInApprovedPlan' | 'EffectAltered' | 'EffectOutcomeUnknown'>;

/**
 * Blocks a run permanently, on every replica, and refuses the write. Writes that other replicas only intend are withdrawn, so that they cannot
 * be sent any more. The first reason is the one that is reported.
 */
export async function block(
  { ledger, replica }: Pick<EnforceContext, 'ledger' | 'replica'>,
  { jobUid }: Pick<Run, 'jobUid'>,
  enforcement: Enforcement,
  code: BlockCode,
  why: string,
): Promise<never> {
  const message = blockedMessage(why);
  const first = enforcement.blocked === undefined;
  enforcement.blocked ??= message;
  await ledger.block(enforcement.claim, message, code === 'EffectOutcomeUnknown' ? 'OutcomeUnknown' : undefined);
  for (const entry of await ledger.entries(jobUid, ['Intended']))
    await withdraw(ledger, entry, replica).catch((error: unknown) => {
      // It was sent before it could be withdrawn.
      if (!(error instanceof Overtaken)) throw error;
    });
  throw forbidden(first ? code : 'RunBlocked', enforcement.blocked);
}
