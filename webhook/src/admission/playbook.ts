import { isDeepStrictEqual } from 'node:util';
import { annotations, askingManager, PlaybookSpec, type PlaybookStatus } from '@sentinel/crds';
import type { SigningKey } from '@sentinel/kube/signing-key';
import {
  authorsOf,
  isTrust,
  playbookDigest,
  playbookFaults,
  sealRecord,
  type TrustRecord,
  WITHDRAW,
  WITHDRAWAL_PREFIX,
  type WithdrawalRecord,
} from '@sentinel/policy';
import type { Authorizer } from '../authorize.ts';
import type { PolicyReader } from '../policy-reader.ts';
import { requirePerson, requirePlainNames, stampOf } from './identity.ts';
import { requireNoAgent, requireOther, requireSeparation } from './people.ts';
import { type AdmissionRequest, type AdmittedObject, Denied, type Mutation } from './review.ts';
import { asksForStanding, sealStanding } from './standing/seal-standing.ts';

export interface PlaybookContext {
  readonly authorizer: Authorizer;
  readonly policies: PolicyReader;
  readonly key: () => SigningKey;
  /** Throws TooManyRequests for an edit beyond the rate that leaves room for those who trust and withdraw trust. */
  readonly requireEditRate: (request: AdmissionRequest) => void;
  /** Throws Denied when the namespace has no room for one more Playbook, or for a larger one. */
  readonly requireDefinitionRoom: (request: AdmissionRequest) => void;
  /** Evaluates a decision while edits of its object are refused (EditRate.hold). */
  readonly holdEdits: <T>(request: AdmissionRequest, judge: () => Promise<T>) => Promise<T>;
}

/**
 * Admits a Playbook: records who wrote it, takes trust and standing approvals off when it changes, and seals trust, a standing
 * approval, or the withdrawal of either, when someone asks for it. Throws Denied.
 */
export async function admitPlaybook(
  request: AdmissionRequest,
  context: PlaybookContext,
  now: Date,
): Promise<Mutation | undefined> {
  const { object, oldObject, userInfo } = request;
  if (!object) return undefined;
  const asked = object.metadata.annotations?.[annotations.trust];
  const asks = asked !== undefined && asked !== oldObject?.metadata.annotations?.[annotations.trust];
  const decides = asksForStanding(object, oldObject);
  if (!(asks || decides) || !isDeepStrictEqual(object.spec, oldObject?.spec)) context.requireEditRate(request);
  const parsed = PlaybookSpec.safeParse(object.spec);
  if (parsed.success) {
    const faults = playbookFaults(parsed.data);
    if (faults.length > 0) throw new Denied('PlaybookSpecInvalid', faults.join('; '));
  }
  if (!oldObject || !isDeepStrictEqual(object.spec, oldObject.spec)) {
    const authors = authorsAfter(oldObject, stampOf(userInfo));
    // Judged as it will be stored: each edit of somebody else makes it longer.
    context.requireDefinitionRoom({ ...request, object: withAuthors(object, authors) });
    return { annotations: { [annotations.authors]: authors, [annotations.trust]: null, [annotations.standing]: null } };
  }
  context.requireDefinitionRoom(request);
  if (decides) return await sealStanding(request, context, now);
  if (!asks) return keptWithdrawal(object, oldObject);
  const seal = asked.startsWith(WITHDRAW) ? sealWithdrawal : sealTrust;
  const sealed = await context.holdEdits(request, () => seal(request, oldObject, asked, context, now));
  return { annotations: { [annotations.trust]: sealed } };
}

// A manifest from Git does not have it. Without it a ClusterAgentPolicy could trust the Playbook again.
function keptWithdrawal(object: AdmittedObject, before: AdmittedObject): Mutation | undefined {
  const withdrawal = before.metadata.annotations?.[annotations.trust];
  if (!withdrawal?.startsWith(WITHDRAWAL_PREFIX) || object.metadata.annotations?.[annotations.trust] !== undefined)
    return undefined;
  return { annotations: { [annotations.trust]: withdrawal } };
}

function withAuthors(playbook: AdmittedObject, authors: string): AdmittedObject {
  const { [annotations.trust]: _, ...kept } = playbook.metadata.annotations ?? {};
  return { ...playbook, metadata: { ...playbook.metadata, annotations: { ...kept, [annotations.authors]: authors } } };
}

/** In bytes; the policy sentinel-playbooks holds the same. */
const AUTHORS_MAX = 65536;

// What somebody trusted is theirs as well: the list of authors begins again with the first edit after that.
function authorsAfter(before: AdmittedObject | null | undefined, stamp: string): string {
  const kept = isTrust(before?.metadata.annotations?.[annotations.trust])
    ? undefined
    : before?.metadata.annotations?.[annotations.authors];
  if (!kept) return stamp;
  if (kept.split('\n').includes(stamp)) return kept;
  const authors = `${kept}\n${stamp}`;
  if (Buffer.byteLength(authors) > AUTHORS_MAX)
    throw new Denied(
      'PlaybookAuthorLimitExceeded',
      'too many people have edited this Playbook since it was last trusted: have somebody trust it, or delete it and create it again',
    );
  return authors;
}

async function sealTrust(
  request: AdmissionRequest,
  playbook: AdmittedObject,
  asked: string,
  { authorizer, policies, key }: PlaybookContext,
  now: Date,
): Promise<string> {
  const { userInfo } = request;
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'trust a Playbook');
  const digest = requireDigest(playbook, asked);
  const authors = authorsOf(playbook);
  const last = authors?.at(-1);
  if (!authors || !last)
    throw new Denied(
      'PlaybookAuthorUnknown',
      'missing author annotation (the admission webhook did not run); write the Playbook again',
    );
  requireOther(userInfo, authors, 'you wrote this Playbook, or a part of it: somebody else must trust it');
  requireSaidInRequest(request, 'trust', digest);
  await authorizer.require(userInfo, { verb: 'trust', resource: 'playbooks', namespace: request.namespace, name: request.name });
  const set = await policies.policiesAbout(request.namespace, last);
  requireNoAgent(set.agents, userInfo, 'trust a Playbook');
  const exemptBy = await requireSeparation(authorizer, set, userInfo, { identities: authors, what: 'trust it' });
  const record: Omit<TrustRecord, 'key' | 'seal'> = {
    playbook: playbook.metadata.uid ?? '',
    digest,
    user: userInfo.username,
    uid: userInfo.uid,
    groups: userInfo.groups,
    time: now.toISOString(),
    ...(exemptBy === undefined ? {} : { exemptBy }),
  };
  return seal(record, key(), request.dryRun);
}

// The author may withdraw trust as well: it only ever stops something.
async function sealWithdrawal(
  request: AdmissionRequest,
  playbook: AdmittedObject,
  asked: string,
  { authorizer, key }: PlaybookContext,
  now: Date,
): Promise<string> {
  const { userInfo } = request;
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'withdraw trust in a Playbook');
  const digest = requireDigest(playbook, asked.slice(WITHDRAW.length));
  requireSaidInRequest(request, 'distrust', digest);
  await authorizer.require(userInfo, { verb: 'trust', resource: 'playbooks', namespace: request.namespace, name: request.name });
  const record: Omit<WithdrawalRecord, 'key' | 'seal'> = {
    withdrawal: playbook.metadata.uid ?? '',
    digest,
    user: userInfo.username,
    uid: userInfo.uid,
    groups: userInfo.groups,
    time: now.toISOString(),
  };
  return seal(record, key(), request.dryRun);
}

function requireDigest({ spec, status }: AdmittedObject, asked: string): string {
  const digest = playbookDigest({ spec: spec as PlaybookSpec });
  const known = (status as PlaybookStatus | undefined)?.digest;
  if (known !== digest)
    throw new Denied(
      'PlaybookNotObserved',
      'waiting for the operator to read the current version of this Playbook; try again in a moment',
    );
  if (asked !== digest)
    throw new Denied(
      'PlaybookOutdated',
      `the digest that you saw (${asked.slice(0, 80)}) is not the current digest of the Playbook (${digest}); look at it again`,
    );
  return digest;
}

function requireSaidInRequest({ options }: AdmissionRequest, word: 'trust' | 'distrust', digest: string): void {
  const wanted = askingManager(word, digest);
  if (options?.fieldManager !== wanted)
    throw new Denied(
      'FieldManagerRequired',
      `the request must say that it asks to ${word} this digest, in a place that no webhook can change: add --field-manager=${wanted}`,
    );
}

// A dry-run gets no usable seal.
function seal(record: object, { id, privateKey }: SigningKey, dryRun: boolean | null | undefined): string {
  const sealed = sealRecord(record, id, privateKey);
  return JSON.stringify(dryRun ? { ...sealed, seal: '' } : sealed);
}
