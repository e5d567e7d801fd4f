import { randomUUID } from 'node:crypto';
import type { Effect } from '@sentinel/crds';
import { intendAgain, intended, refuse } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { EnforceContext } from './context.ts';
import { nameOf } from './judge-write.ts';

const WHY_MAX = 1000;

/**
 * Records in the ledger why a write was refused before it was intended: a step may ignore a refusal and succeed, and then people must be able
 * to read why an approved effect was not carried out. Entries that are in progress or done, and writes that are not approved, are not changed.
 */
export async function noteRefused(
  { ledger, replica }: Pick<EnforceContext, 'ledger' | 'replica'>,
  { jobUid, enforcement }: Pick<Run, 'jobUid' | 'enforcement'>,
  request: ParsedRequest,
  reason: string,
): Promise<void> {
  const states = await ledger.states(jobUid);
  const held = new Map(states.map((entry) => [entry.target.index, entry]));
  const effect = enforcement?.plan.spec.effects.find(
    (one) => isMeant(one, request) && ['Refused', undefined].includes(held.get(one.index)?.state),
  );
  if (!effect) return;
  const why = `${nameOf(effect)} is refused: ${reason}`.slice(0, WHY_MAX);
  if (held.get(effect.index)?.why === why) return;
  const known = held.has(effect.index) ? await ledger.entry(jobUid, effect.index) : undefined;
  if (known && known.state !== 'Refused') return;
  const owner = { process: replica.process, nonce: randomUUID() };
  const { index, verb, apiGroup, version, resource, namespace, name, uid } = effect;
  const target = {
    ...{ index, verb, apiGroup, version, resource, name },
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
  };
  try {
    const entry = await ledger.store(known ? intendAgain(known, owner) : intended(jobUid, target, owner, Date.now()));
    await ledger.store(refuse(entry, owner, why));
  } catch (error) {
    // Another request for the same effect was first, and its outcome is more informative.
    if (!(error instanceof Overtaken)) throw error;
  }
}

// The change of the write is unknown here. The name of an object to create may be in its body. Programs read an
// object before they change it, so a read of it that is refused is why the change never comes.
const isMeant = (effect: Effect, { api, version }: ParsedRequest): boolean =>
  (effect.verb === api.verb || api.verb === 'get') &&
  effect.apiGroup === api.apiGroup &&
  effect.version === version &&
  effect.resource === api.resource &&
  effect.namespace === api.namespace &&
  (api.name === undefined || effect.name === api.name);
