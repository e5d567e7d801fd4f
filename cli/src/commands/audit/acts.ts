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

/** What the operator writes down itself: that nobody knows who it was, or that a trail is not complete. It names no person. */
const UNSEALED: ReadonlySet<string> = new Set(['unknown', 'sentinel-operator']);

const Trail = z.object({
  sequence: z.number(),
  head: z.string(),
  exported: z.number(),
  records: z.array(AuditRecord),
});

/**
 * Verifies the chain of acts of the installation, as the cluster has it: the records that the operator keeps, against what the webhook
 * sealed and numbered. Answers with how many chains are not sound: 0 or 1. For somebody who may not read it, with a word about it, 0.
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

/** What is wrong with the trail of acts and the journal from which it is made, in sentences. */
export function findInActs(journal: Data, trail: Data, keys: SealKeys | undefined): string[] {
  const read = readTrail(trail);
  if (!read) return ['the trail of acts cannot be read'];
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
 * Where records of acts, which the operator writes, are not what the webhook sealed: a seal that does not hold, a person who is named
 * without one, and numbers that are missing. Records from before acts were sealed come before the first that is.
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
      findings.push(`${name}: its seal cannot be read`);
      continue;
    }
    const fault = keys && sealFault(sealed, keys);
    if (fault !== undefined) findings.push(`${name}: ${fault}`);
    if (recordedActDigest(record) !== sealed.facts || !isOf(record)) findings.push(`${name} is not what the webhook wrote down`);
    if (last && sealed.number !== last.number) findings.push(...linkFindings(last, sealed));
    if (!last && records[0]?.sequence === 1 && sealed.previous !== GENESIS)
      findings.push(`the acts 1 to ${sealed.number - 1} are missing: the webhook wrote them down, and no record tells of them`);
    last = sealed;
  }
  return findings;
}

/** What the webhook wrote down and is neither recorded nor still in the journal. */
function untoldActs(journal: Data, records: readonly AuditRecord[], keys: SealKeys | undefined): string[] {
  const text = journal[ACTS_HEAD];
  if (text === undefined) return [];
  const head = parse(ActsHead, text);
  if (!head) return ['the number of the act that the webhook wrote down last cannot be read in the journal'];
  const waiting = Object.values(journal)
    .flatMap((text) => parse(JournaledAct, text)?.sealed ?? [])
    .sort((a, b) => a.number - b.number);
  const told = records.flatMap((record) => parse(SealedAct, detailOf(record, ACT_SEAL_DETAIL) ?? '') ?? []).at(-1);
  const findings: string[] = [];
  let last = told;
  for (const sealed of waiting) {
    const fault = keys && sealFault(sealed, keys);
    if (fault !== undefined) findings.push(`act ${sealed.number} in the journal: ${fault}`);
    // It is taken out of the journal after it is recorded.
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
      ? `the last act that is told is ${last.number}, and the webhook wrote down another one as its last, ${head.number}`
      : `the acts ${from} to ${head.number} are missing: the webhook wrote them down, and they are neither recorded nor in the journal`,
  ];
}

function linkFindings(last: SealedAct, next: SealedAct): string[] {
  if (next.number > last.number + 1)
    return [
      `the acts ${last.number + 1} to ${next.number - 1} are missing: the webhook wrote them down, and no record tells of them`,
    ];
  if (next.number <= last.number) return [`act ${next.number} is told after act ${last.number}`];
  return next.previous === digestOf(last) ? [] : [`act ${next.number} does not follow the act ${last.number} that is told`];
}

// The API server may ask for one act again: then it is told as that.
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
