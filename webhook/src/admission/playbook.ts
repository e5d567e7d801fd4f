import { isDeepStrictEqual } from 'node:util';
import { annotations, askingManager, PlaybookSpec, type PlaybookStatus } from '@sentinel/crds';
import { parseIdentity, playbookDigest, playbookFaults, sealRecord, type TrustRecord } from '@sentinel/policy';
import type { Authorizer } from '../authorize.ts';
import type { SealKey } from '../seal-key.ts';
import { requirePerson, requirePlainNames, stampOf } from './identity.ts';
import { type AdmissionRequest, type AdmittedObject, Denied, type Mutation } from './review.ts';

export interface PlaybookContext {
  readonly authorizer: Authorizer;
  readonly key: () => SealKey;
}

/** Admits a Playbook: stamps who wrote it, takes trust off when it changes, seals trust when someone asks for it. Throws Denied. */
export async function admitPlaybook(
  request: AdmissionRequest,
  context: PlaybookContext,
  now: Date,
): Promise<Mutation | undefined> {
  const { object, oldObject, userInfo } = request;
  if (!object) return undefined;
  const parsed = PlaybookSpec.safeParse(object.spec);
  if (parsed.success) {
    const faults = playbookFaults(parsed.data);
    if (faults.length > 0) throw new Denied(faults.join('; '));
  }
  if (!oldObject || !isDeepStrictEqual(object.spec, oldObject.spec)) {
    return { annotations: { [annotations.author]: stampOf(userInfo), [annotations.trust]: null } };
  }
  const asked = object.metadata.annotations?.[annotations.trust];
  if (asked === undefined || asked === oldObject.metadata.annotations?.[annotations.trust]) return undefined;
  return { annotations: { [annotations.trust]: await sealTrust(request, oldObject, asked, context, now) } };
}

async function sealTrust(
  request: AdmissionRequest,
  playbook: AdmittedObject,
  asked: string,
  { authorizer, key }: PlaybookContext,
  now: Date,
): Promise<string> {
  const { userInfo } = request;
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'trust a Playbook');
  const digest = playbookDigest({ spec: playbook.spec as PlaybookSpec });
  const known = (playbook.status as PlaybookStatus | undefined)?.digest;
  if (known !== digest) throw new Denied('the operator has not looked at this Playbook yet; try again in a moment');
  if (asked !== digest)
    throw new Denied(
      `the digest that you saw (${asked.slice(0, 80)}) is not that of the Playbook as it stands (${digest}); look at it again`,
    );
  const author = parseIdentity(playbook.metadata.annotations?.[annotations.author]);
  if (!author || author.user === userInfo.username) throw new Denied('you wrote this Playbook: somebody else must trust it');
  const wanted = askingManager('trust', digest);
  if (request.options?.fieldManager !== wanted)
    throw new Denied(
      `the request must say that it asks to trust this digest, in a place that no webhook can change: add --field-manager=${wanted}`,
    );
  await authorizer.require(userInfo, { verb: 'trust', resource: 'playbooks', namespace: request.namespace, name: request.name });
  const record: Omit<TrustRecord, 'key' | 'seal'> = {
    playbook: playbook.metadata.uid ?? '',
    digest,
    user: userInfo.username,
    groups: userInfo.groups,
    time: now.toISOString(),
  };
  const { id, privateKey } = key();
  const sealed = sealRecord(record, id, privateKey);
  return JSON.stringify(request.dryRun ? { ...sealed, seal: '' } : sealed);
}
