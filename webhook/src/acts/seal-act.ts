import { type Act, type ActsHead, actDigest, actorOfAct, digestOf, factsOfAct, type JournaledAct } from '@sentinel/crds';
import type { SigningKey } from '@sentinel/kube/signing-key';
import { sealRecord } from '@sentinel/policy';

/**
 * Appends an act to the sealed chain: the operator, which records it afterwards, can neither change it nor leave it out unnoticed. Returns the
 * act as it is stored in the journal, and the new head.
 */
export function sealAct(
  act: Act,
  id: string,
  last: ActsHead,
  key: SigningKey,
): { readonly act: JournaledAct; readonly head: ActsHead } {
  const number = last.number + 1;
  const facts = actDigest(actorOfAct(act), factsOfAct(id, act));
  const sealed = sealRecord({ number, previous: last.digest, facts }, key.id, key.privateKey);
  return { act: { ...act, sealed }, head: { number, digest: digestOf(sealed) } };
}
