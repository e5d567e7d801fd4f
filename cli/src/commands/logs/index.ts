import { type AgentAction, type EvidenceObject, EvidenceStage } from '@sentinel/crds';
import { readAction, stateOf } from '../../read.ts';
import { type Session, UsageError } from '../../session.ts';
import { formatOf, type RawFormat } from '../../terminal/format.ts';
import { painter } from '../../terminal/paint.ts';
import { raw } from '../../terminal/raw.ts';
import { visible } from '../../terminal/visible.ts';
import { resultLines } from '../report/results.ts';
import { type NamedStage, namedStages, otherDigests } from './named-stages.ts';
import { readEvidence } from './read-evidence.ts';
import { renderEvidence } from './render.ts';

export interface LogsFlags {
  readonly stage?: string;
  readonly attempt?: number;
  readonly step?: string;
  readonly allStages?: boolean;
  readonly digest?: string;
}

/** What `--stage` takes. */
export const LOG_STAGES = [...EvidenceStage.options, 'results'] as const;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Prints what the evidence store has of an action: of its newest stage, of the one that is named, of all, or its results. With `--digest`
 * it needs no action, which may be deleted.
 */
export async function logs(session: Session, name: string | undefined, flags: LogsFlags): Promise<number> {
  const format = formatOf(session.flags.output);
  requireSense(name, flags);
  if (flags.digest !== undefined) return await show(session, await readEvidence(session, flags.digest), flags, format);
  const action = await readActionOrHint(session, name ?? '');
  if (flags.stage === 'results') return await showResults(session, action, format);
  const wanted = EvidenceStage.safeParse(flags.stage).data;
  const asked = (await allNamed(session, action, wanted)).filter(
    ({ stage, attempt }) =>
      (wanted === undefined || stage === wanted) && (flags.attempt === undefined || attempt === flags.attempt),
  );
  return flags.allStages
    ? await showAll(session, action, asked, format)
    : await showNewest(session, action, asked, flags, format);
}

function requireSense(name: string | undefined, { stage, attempt, step, allStages, digest }: LogsFlags): void {
  if (stage !== undefined && !LOG_STAGES.some((one) => one === stage))
    throw new UsageError('FlagInvalid', `'${stage}' is not a stage; use ${LOG_STAGES.join(', ')}`);
  if (digest !== undefined && !DIGEST.test(digest))
    throw new UsageError('FlagInvalid', '--digest must be sha256: and 64 hexadecimal digits, as an audit record names it');
  if (name === undefined && digest === undefined)
    throw new UsageError('FlagRequired', 'name an action, or pass --digest with the digest of an audit record');
  if (digest !== undefined && (name !== undefined || stage !== undefined || attempt !== undefined || allStages))
    throw new UsageError('FlagConflict', '--digest names the evidence of one stage; only --step is allowed with it');
  if (allStages && (stage !== undefined || attempt !== undefined || step !== undefined))
    throw new UsageError('FlagConflict', '--all-stages shows everything; leave out --stage, --attempt and --step');
  if (attempt !== undefined && stage === undefined)
    throw new UsageError('FlagRequired', '--attempt counts the Jobs of one stage: pass --stage with it');
  if (stage === 'results' && (step !== undefined || attempt !== undefined))
    throw new UsageError('FlagConflict', 'the results are those of the whole action; leave out --step and --attempt');
}

// Retention and people delete actions; what is stored of them may be there for longer.
async function readActionOrHint(session: Session, name: string): Promise<AgentAction> {
  return await readAction(session, name).catch((error: unknown) => {
    if (!(error instanceof UsageError) || error.code !== 'ObjectNotFound') throw error;
    throw new UsageError(
      'ObjectNotFound',
      `${error.message}. If it was deleted, its audit records in the sink name its evidence (sentinel.evidence): kubectl sentinel logs --digest DIGEST -n ${session.namespace}`,
    );
  });
}

// The stage of a digest that only the end of the action names is known when it is read.
async function allNamed(
  session: Session,
  action: AgentAction,
  wanted: EvidenceStage | undefined,
): Promise<readonly NamedStage[]> {
  const named = namedStages(action);
  if (wanted !== undefined && named.some(({ stage, digest }) => stage === wanted && digest !== undefined)) return named;
  const others = await Promise.all(
    otherDigests(action).map(async (digest): Promise<NamedStage[]> => {
      const found = await readEvidence(session, digest).catch((error: unknown) => {
        if (error instanceof UsageError && error.code !== 'EvidenceDigestMismatch') return undefined;
        throw error;
      });
      return found ? [{ stage: found.spec.stage, attempt: found.spec.attempt, digest }] : [];
    }),
  );
  return [...named, ...others.flat()];
}

async function showNewest(
  session: Session,
  action: AgentAction,
  asked: readonly NamedStage[],
  flags: LogsFlags,
  format: RawFormat | undefined,
): Promise<number> {
  const newest = asked.findLastIndex(({ digest }) => digest !== undefined);
  const later = asked.slice(newest + 1).flatMap(missingOf);
  const { digest, ...of } = asked[newest] ?? {};
  if (digest === undefined) throw nothingStored(action, flags, later);
  const found = await readEvidence(session, digest, nameOf(of as NamedStage));
  sayMissing(session, later, format);
  return await show(session, found, flags, format);
}

async function showAll(
  session: Session,
  action: AgentAction,
  asked: readonly NamedStage[],
  format: RawFormat | undefined,
): Promise<number> {
  const stored = asked.filter(({ digest }) => digest !== undefined);
  if (stored.length === 0) throw nothingStored(action, {}, asked.flatMap(missingOf));
  const found = await Promise.all(stored.map((one) => readEvidence(session, one.digest ?? '', nameOf(one))));
  if (format) {
    sayMissing(session, asked.flatMap(missingOf), format);
    session.io.out(raw({ kind: 'List', items: found }, format));
    return 0;
  }
  for (const one of asked) {
    sayMissing(session, missingOf(one), format);
    const evidence = found[stored.indexOf(one)];
    if (evidence) session.io.out(renderEvidence(evidence));
  }
  return 0;
}

async function show({ io }: Session, found: EvidenceObject, { step }: LogsFlags, format: RawFormat | undefined): Promise<number> {
  const names = found.spec.steps.map(({ name }) => name);
  if (step !== undefined && !names.includes(step)) {
    const those = names.length === 0 ? 'it has none' : `its steps are ${names.join(', ')}`;
    throw new UsageError('FlagInvalid', `the stage '${found.spec.stage}' has no step '${step}'; ${those}`);
  }
  io.out(format ? raw(found, format) : renderEvidence(found, step));
  return 0;
}

// The status has the results, and needs no evidence store; only where it grew too large it has their beginning alone.
async function showResults(session: Session, action: AgentAction, format: RawFormat | undefined): Promise<number> {
  const { status, metadata } = action;
  const isWhole = !status?.shortened?.includes('results');
  const results = (isWhole ? undefined : await storedResults(session, action)) ?? status?.results ?? [];
  if (results.length === 0) throw new UsageError('EvidenceMissing', `the action '${metadata.name}' has no results`);
  const { io } = session;
  io.out(format ? raw({ kind: 'List', items: results }, format) : resultLines(results, painter(io.colour)).join('\n'));
  return 0;
}

async function storedResults(session: Session, action: AgentAction): Promise<EvidenceObject['spec']['results'] | undefined> {
  const stored = (await allNamed(session, action, undefined)).filter(({ stage, digest }) => stage !== 'rollback' && digest);
  for (const one of stored.reverse()) {
    const { results } = (await readEvidence(session, one.digest ?? '', nameOf(one))).spec;
    if (results.length > 0) return results;
  }
  return undefined;
}

function nothingStored(action: AgentAction, { stage, attempt }: LogsFlags, missing: readonly string[]): UsageError {
  const { name } = action.metadata;
  const what = stage === undefined ? 'any stage' : `the stage '${stage}'${attempt === undefined ? '' : `, attempt ${attempt}`}`;
  const why =
    missing.length > 0
      ? missing.join('; ')
      : `there was none; the action is ${stateOf(action)} (kubectl sentinel report ${name})`;
  return new UsageError('EvidenceMissing', `no evidence of ${what} of '${name}' is stored: ${why}`);
}

// What is shown may be older than what is asked for. Not on stdout with -o, which a program reads.
function sayMissing({ io }: Session, missing: readonly string[], format: RawFormat | undefined): void {
  for (const line of missing) (format ? io.error : io.out)(`MISSING  ${visible(line)}`);
}

const nameOf = ({ stage, attempt }: Omit<NamedStage, 'digest'>) =>
  attempt === undefined ? stage : `${stage} (attempt ${attempt})`;
const missingOf = (one: NamedStage): string[] => (one.missing === undefined ? [] : [`${nameOf(one)}: ${one.missing}`]);
