import { readFileSync } from 'node:fs';
import { type AuditRecord, count, GENESIS, SEAL_KEYS, STATEMENT_KEYS, verifyChain } from '@sentinel/crds';
import { endsByWordAlone, readSealKeys, type SealKeys, statementFindings } from '@sentinel/policy';
import { z } from 'zod';
import { type Terminal, UsageError } from '../../session.ts';
import { visible } from '../../terminal/visible.ts';
import { actFindings } from './acts.ts';

const Value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
});
const LogRecord = z.object({
  timeUnixNano: z.union([z.string(), z.number()]),
  body: Value.optional(),
  attributes: z.array(z.object({ key: z.string(), value: Value })).default([]),
});
const Export = z.object({
  resourceLogs: z.array(z.object({ scopeLogs: z.array(z.object({ logRecords: z.array(LogRecord).default([]) })).default([]) })),
});

/** A chain in an export of a sink. */
interface Chain {
  readonly place: string;
  readonly endless: boolean;
  readonly records: AuditRecord[];
}

// The fields that every record has, without its own details.
const base = new Set([
  'k8s.namespace.name',
  'sentinel.action.name',
  'sentinel.action.uid',
  'sentinel.trail.name',
  'sentinel.trail.uid',
  'sentinel.transition',
  'sentinel.actor',
  'sentinel.record.sequence',
  'sentinel.record.hash',
  'sentinel.record.previous',
  'sentinel.plan.digest',
  'k8s.job.uid',
]);

/**
 * Recomputes the chains of an export: OTLP/JSON, a document or one a line, as the file exporter of the Collector writes it. Needs no
 * cluster, so it also works for actions that were deleted. Records are compared with the statements of the gateway in them; with a file of
 * public keys, in the form of the ConfigMaps of Sentinel, seals are verified. Returns 1 if there is a fault. Throws UsageError for a file that is not an export.
 */
export function auditVerifyExport(io: Terminal, file: string, keysFile?: string): number {
  const { acts, statements }: Keys = keysFile === undefined ? { acts: undefined, statements: undefined } : readKeys(keysFile);
  for (const [name, keys] of [
    [STATEMENT_KEYS, statements],
    [SEAL_KEYS, acts],
  ] as const)
    if (keys === undefined)
      io.error(`warning: seals by keys of '${name}' are not verified; pass this ConfigMap as JSON with --keys`);
  const chains = readExport(readFileSync(file, 'utf8'), file);
  let bad = 0;
  for (const [uid, { place, endless, records }] of chains) {
    const findings = [
      ...findingsOf(records),
      ...(endless
        ? actFindings(once(records), acts)
        : statementFindings({ action: uid, records: once(records), keys: statements })),
    ];
    if (findings.length > 0) bad += 1;
    const last = records.at(-1);
    const end =
      last?.transition === 'Retired'
        ? ', deleted since'
        : endless || records.some(({ transition }) => transition === 'Ended')
          ? ''
          : '; its end is not in the export';
    io.out(
      `${visible(place)} (${visible(uid)}): ${findings.length === 0 ? `records 1 to ${last?.sequence ?? 0} verify${end}` : 'NOT SOUND'}`,
    );
    for (const finding of findings) io.out(`  ! ${visible(finding)}`);
    if (!endless && endsByWordAlone({ action: uid, records: once(records), keys: statements })) io.out(BY_WORD_ALONE);
  }
  if (chains.size === 0) io.out('There are no audit records of Sentinel in it.');
  if (bad > 0)
    io.error(
      `error: ${bad} of ${count(chains.size, 'chain')} ${bad === 1 ? 'does' : 'do'} not verify; keep the export and tell your security team`,
    );
  return bad === 0 ? 0 : 1;
}

const BY_WORD_ALONE =
  '  the gateway states nothing about it: that it ended without a plan, and so without a run, is the word of the operator alone. In the cluster, its ActionPlans show whether it had one';

const KeyMap = z.object({
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});
const KeyMaps = z.union([z.object({ items: z.array(KeyMap) }), KeyMap]);

/** Public keys by the program that seals with them: a key of the webhook does not verify seals of the gateway, and the other way round. */
interface Keys {
  readonly acts: SealKeys | undefined;
  readonly statements: SealKeys | undefined;
}

/** Reads the ConfigMaps of public keys from a file: one as JSON, or a list of them. */
function readKeys(file: string): Keys {
  const parsed = KeyMaps.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new UsageError('FileInvalid', `${file}: this is not a ConfigMap of public keys as JSON`);
  const maps = 'items' in parsed.data ? parsed.data.items : [parsed.data];
  const of = (wanted: string) => {
    const found = maps.find(({ metadata }) => metadata.name === wanted);
    return found && readSealKeys(found.data);
  };
  return { acts: of(SEAL_KEYS), statements: of(STATEMENT_KEYS) };
}

function readExport(text: string, file: string): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const part of documents(text, file))
    for (const { scopeLogs } of part.resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const entry of logRecords) {
          const found = recordOf(entry);
          if (!found) continue;
          const chain = chains.get(found.record.action) ?? { place: found.place, endless: found.endless, records: [] };
          chain.records.push(found.record);
          chains.set(found.record.action, chain);
        }
  for (const { records } of chains.values()) records.sort((a, b) => a.sequence - b.sequence);
  return chains;
}

function documents(text: string, file: string): z.infer<typeof Export>[] {
  const whole = parseJson(text);
  const parts = whole === undefined ? text.split('\n').filter((line) => line.trim() !== '') : [text];
  return parts.map((part, index) => {
    const value = parseJson(part);
    if (value === undefined) throw new UsageError('FileInvalid', `${file}, line ${index + 1}: this is not JSON`);
    if (typeof value !== 'object' || value === null || !('resourceLogs' in value)) return { resourceLogs: [] };
    const parsed = Export.safeParse(value);
    if (!parsed.success) throw new UsageError('FileInvalid', `${file}, line ${index + 1}: this is not an OTLP export of logs`);
    return parsed.data;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf({
  timeUnixNano,
  body,
  attributes,
}: z.infer<typeof LogRecord>): { place: string; endless: boolean; record: AuditRecord } | undefined {
  const texts = new Map(attributes.map(({ key, value }) => [key, value.stringValue ?? String(value.intValue ?? '')]));
  const of = (key: string) => texts.get(key) ?? '';
  if (!texts.has('sentinel.record.hash')) return undefined;
  const details = [...texts].filter(([key]) => !base.has(key)).map(([name, value]) => ({ name, value }));
  const [plan, job] = [texts.get('sentinel.plan.digest'), texts.get('k8s.job.uid')];
  const record: AuditRecord = {
    sequence: Number(of('sentinel.record.sequence')),
    previous: of('sentinel.record.previous'),
    hash: of('sentinel.record.hash'),
    time: timeOf(String(timeUnixNano)),
    transition: of('sentinel.transition'),
    actor: of('sentinel.actor'),
    summary: body?.stringValue ?? '',
    action: texts.get('sentinel.trail.uid') ?? of('sentinel.action.uid'),
    ...(plan === undefined ? {} : { plan }),
    ...(job === undefined ? {} : { job }),
    ...(details.length === 0 ? {} : { details: details.sort((a, b) => (a.name < b.name ? -1 : 1)) }),
  };
  const trail = texts.get('sentinel.trail.name');
  // The acts of an installation are one chain across namespaces, and it has no end.
  if (trail !== undefined) return { place: `acts of the installation (${trail})`, endless: true, record };
  return { place: `${of('k8s.namespace.name')}/${of('sentinel.action.name')}`, endless: false, record };
}

// A value that is not a time cannot be that of a valid record, so its hash will not match.
const timeOf = (nanos: string): string =>
  /^\d{7,19}$/.test(nanos) ? new Date(Number(BigInt(nanos) / 1_000_000n)).toISOString() : nanos;

// After a restart a record may have been sent twice, with the same hash. Two records that differ are a fault.
const once = (records: readonly AuditRecord[]) => records.filter((record, index) => records[index - 1]?.hash !== record.hash);

function findingsOf(records: AuditRecord[]): string[] {
  const known = once(records);
  const findings = verifyChain(known);
  const first = known[0];
  if (first && first.sequence > 1) findings.push(`records 1 to ${first.sequence - 1} are not in the export`);
  if (first?.sequence === 1 && first.previous !== GENESIS) findings.push('record 1 does not begin a chain');
  return [...new Set(findings)];
}
