import {
  ACT_SEAL_DETAIL,
  ACTS_HEAD,
  ACTS_JOURNAL,
  ACTS_TRAIL,
  ActsHead,
  AuditRecord,
  digestOf,
  GENESIS,
  JournaledAct,
  namespaces,
  recordedActDigest,
  SealedAct,
  verifyChain,
} from '@sentinel/crds';
import { configmaps, isForbidden } from '@sentinel/kube';
import { type SealKeys, sealFault } from '@sentinel/policy';
import { z } from 'zod';
import type { Session } from '../../session.ts';
import { visible } from '../../terminal/visible.ts';

type Data = Readonly<Record<string, string>>;

/** Actors of records that the operator adds itself, for an unknown person or an incomplete trail. They name no person. */
const UNSEALED: ReadonlySet<string> = new Set(['unknown', 'sentinel-operator']);

const Trail = z.object({
  sequence: z.number(),
  head: z.string(),
  exported: z.number(),
  records: z.array(AuditRecord),
});

/**
 * Verifies the chain of acts of the installation in the cluster: compares the records of the operator with the acts that the webhook sealed
 * and numbered. Returns the number of chains with faults: 0 or 1. Returns 0, after a warning, if the caller may not read them.
 */
export async function verifyActs({ client, io }: Session, keys: SealKeys | undefined): Promise<number> {
  const read = async (name: string) =>
    (await client.get(configmaps, { name, namespace: namespaces.system }))?.data as Data | undefined;
  try {
    const [journal, trail] = [await read(ACTS_JOURNAL), await read(ACTS_TRAIL)];
    const findings = findInActs(journal ?? {}, trail ?? {}, keys);
    io.out(`acts of the installation (${ACTS_TRAIL}): ${findings.length === 0 ? 'records verify' : 'NOT SOUND'}`);
    for (const finding of findings) io.out(`  ! ${visible(finding)}`);
    return findings.length > 0 ? 1 : 0;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    io.error(
      `warning: the chain of acts is not verified: reading the ConfigMaps '${ACTS_JOURNAL}' and '${ACTS_TRAIL}' in namespace '${namespaces.system}' is required for that`,
    );
    return 0;
  }
}

/** Faults in the trail of acts and in the journal from which it is made, one sentence each. */
export function findInActs(journal: Data, trail: Data, keys: SealKeys | undefined): string[] {
  const read = readTrail(trail);
  if (!read) return ['the trail of acts cannot be parsed'];
  const { sequence, head, exported, records } = read;
  const first = records[0]?.sequence ?? sequence + 1;
  const gone = first - 1 > exported ? [`records ${exported + 1} to ${first - 1} are gone before any sink acknowledged them`] : [];
  return [
    ...verifyChain(records, { sequence, hash: head }),
    ...gone,
    ...actFindings(records, keys),
    ...untoldActs(journal, records, keys),
  ];
}

/**
 * Differences between records of acts, which the operator writes, and the seals of the webhook: an invalid seal, a person who is named
 * without a seal, and missing numbers. Records from before acts were sealed come before the first sealed record.
 */
export function actFindings(records: readonly AuditRecord[], keys: SealKeys | undefined): string[] {
  const findings: string[] = [];
  let last: SealedAct | undefined;
  for (const record of records) {
    const name = `record ${record.sequence} (${record.transition} by '${record.actor}')`;
    const text = detailOf(record, ACT_SEAL_DETAIL);
    if (text === undefined) {
      if (last && !UNSEALED.has(record.actor)) findings.push(`${name} is not sealed by the webhook`);
      continue;
    }
    const sealed = parse(SealedAct, text);
    if (!sealed) {
      findings.push(`${name}: its seal cannot be parsed`);
      continue;
    }
    const fault = keys && sealFault(sealed, keys);
    if (fault !== undefined) findings.push(`${name}: ${fault}`);
    if (recordedActDigest(record) !== sealed.facts || !isOf(record))
      findings.push(`${name} does not match what the webhook recorded`);
    if (last && sealed.number !== last.number) findings.push(...linkFindings(last, sealed));
    if (!last && records[0]?.sequence === 1 && sealed.previous !== GENESIS)
      findings.push(`the acts 1 to ${sealed.number - 1} are missing: the webhook sealed them, but there is no record of them`);
    last = sealed;
  }
  return findings;
}

/** Acts that the webhook sealed and that are neither recorded nor in the journal. */
function untoldActs(journal: Data, records: readonly AuditRecord[], keys: SealKeys | undefined): string[] {
  const text = journal[ACTS_HEAD];
  if (text === undefined) return [];
  const head = parse(ActsHead, text);
  if (!head) return ['the journal of acts is damaged: the number of its newest entry cannot be parsed'];
  const waiting = Object.values(journal)
    .flatMap((text) => parse(JournaledAct, text)?.sealed ?? [])
    .sort((a, b) => a.number - b.number);
  const told = records.flatMap((record) => parse(SealedAct, detailOf(record, ACT_SEAL_DETAIL) ?? '') ?? []).at(-1);
  const findings: string[] = [];
  let last = told;
  for (const sealed of waiting) {
    const fault = keys && sealFault(sealed, keys);
    if (fault !== undefined) findings.push(`act ${sealed.number} in the journal: ${fault}`);
    // An act is removed from the journal after it is recorded.
    if (last && sealed.number <= last.number) continue;
    if (last) findings.push(...linkFindings(last, sealed));
    last = sealed;
  }
  // The journal was read before the trail.
  if (last && (last.number > head.number || (last.number === head.number && digestOf(last) === head.digest))) return findings;
  const from = (last?.number ?? 0) + 1;
  return [
    ...findings,
    last?.number === head.number
      ? `the newest recorded act is ${last.number}, but the newest act of the webhook is another one, ${head.number}`
      : `the acts ${from} to ${head.number} are missing: the webhook sealed them, but they are neither recorded nor in the journal`,
  ];
}

function linkFindings(last: SealedAct, next: SealedAct): string[] {
  if (next.number > last.number + 1)
    return [
      `the acts ${last.number + 1} to ${next.number - 1} are missing: the webhook sealed them, but there is no record of them`,
    ];
  if (next.number <= last.number) return [`act ${next.number} is recorded after act ${last.number}`];
  return next.previous === digestOf(last) ? [] : [`act ${next.number} does not follow the recorded act ${last.number}`];
}

// The API server may repeat a request: then the act is recorded as repeated.
const isOf = (record: AuditRecord) =>
  record.transition === 'ActRepeated' ||
  (detailOf(record, 'sentinel.act.transitions') ?? '').split(' ').includes(record.transition);

function readTrail({ trail }: Data): z.infer<typeof Trail> | undefined {
  return trail === undefined ? { sequence: 0, head: GENESIS, exported: 0, records: [] } : parse(Trail, trail);
}

function parse<T>(kind: z.ZodType<T>, text: string): T | undefined {
  try {
    return kind.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const detailOf = ({ details = [] }: AuditRecord, wanted: string) => details.find(({ name }) => name === wanted)?.value;
