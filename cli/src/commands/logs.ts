import {
  type AgentAction,
  digestOf,
  EVIDENCE_DETAIL,
  EVIDENCE_MISSING_DETAIL,
  type EvidenceObject,
  EvidenceStage,
  evidencePath,
} from '@sentinel/crds';
import { isNotFound } from '@sentinel/kube';
import { readAction } from '../read.ts';
import { type Session, UsageError } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';

export interface LogsFlags {
  readonly stage?: string;
  readonly step?: string;
}

/** Prints the logs and results that the evidence store has of an action: of its newest stage, or of the one that is named. */
export async function logs(session: Session, name: string, flags: LogsFlags): Promise<number> {
  const { client, io, namespace } = session;
  const format = formatOf(session.flags.output);
  const wanted = flags.stage === undefined ? undefined : EvidenceStage.safeParse(flags.stage).data;
  if (flags.stage !== undefined && wanted === undefined)
    throw new UsageError('FlagInvalid', `'${flags.stage}' is not a stage; use ${EvidenceStage.options.join(', ')}`);
  const action = await readAction(session, name);
  const { digest, missing } = evidenceOf(action, wanted);
  if (digest === undefined) {
    const what = wanted === undefined ? 'any stage' : `the stage '${wanted}'`;
    const why = missing.length === 0 ? `; see 'kubectl sentinel audit show ${name}' for the reason` : `: ${missing.join('; ')}`;
    throw new UsageError('EvidenceMissing', `the action names no evidence of ${what}${why}`);
  }
  const found = await readEvidence(client, namespace, digest);
  if (flags.step !== undefined && !found.spec.steps.some((step) => step.name === flags.step))
    throw new UsageError(
      'FlagInvalid',
      `the stage '${found.spec.stage}' has no step '${flags.step}'; its steps are ${found.spec.steps.map((step) => step.name).join(', ')}`,
    );
  // What is shown may be older than what is asked for. Not on stdout with -o, which a program reads.
  for (const line of missing) (format ? io.error : io.out)(`MISSING  ${visible(line)}`);
  io.out(format ? raw(found, format) : renderEvidence(found, flags.step));
  return 0;
}

async function readEvidence(client: Session['client'], namespace: string, digest: string): Promise<EvidenceObject> {
  const answer = await client.raw({ method: 'GET', path: evidencePath(namespace, digest) }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new UsageError(
      'EvidenceMissing',
      `the cluster has no evidence '${digest}': no evidence store is installed, or it deleted it after its time`,
    );
  });
  const found = JSON.parse(answer.body.toString('utf8')) as EvidenceObject;
  // The audit record names the digest, so what is shown must have it.
  if (digestOf(found.spec) !== digest)
    throw new UsageError(
      'EvidenceDigestMismatch',
      `the evidence store answered something else than '${digest}'; it is not shown`,
    );
  return found;
}

/** What an action names of its evidence. */
export interface NamedEvidence {
  /** The newest evidence; undefined if there is none. */
  readonly digest: string | undefined;
  /** The stages after it whose evidence is missing, with the reason. */
  readonly missing: readonly string[];
}

/** The newest evidence of an action, of one stage if it is named. A rollback has no stage of its own in the status. */
export function evidenceOf({ status }: AgentAction, stage: EvidenceStage | undefined): NamedEvidence {
  const records = status?.outbox?.records ?? [];
  const rolledBack = records.findLast(({ transition }) => transition === 'RollbackEnded')?.details;
  const detail = (wanted: string) => rolledBack?.find(({ name }) => name === wanted)?.value;
  const all: { stage: EvidenceStage; attempt?: number; evidence?: string | undefined; evidenceMissing?: string | undefined }[] = [
    ...(status?.stages ?? []),
    { stage: 'rollback', evidence: detail(EVIDENCE_DETAIL), evidenceMissing: detail(EVIDENCE_MISSING_DETAIL) },
  ];
  const asked = all.filter((one) => stage === undefined || one.stage === stage);
  const newest = asked.findLastIndex(({ evidence }) => evidence !== undefined);
  return {
    digest: asked[newest]?.evidence,
    missing: asked.slice(newest + 1).flatMap(({ stage: of, attempt, evidenceMissing: why }) => {
      const which = attempt === undefined ? of : `${of} (attempt ${attempt})`;
      return why === undefined ? [] : [`${which}: ${why}`];
    }),
  };
}

/** Evidence for people: each line of a log behind a bar, because it is text from a sandbox. */
export function renderEvidence({ metadata, spec }: EvidenceObject, step?: string): string {
  const steps = spec.steps.filter(({ name }) => step === undefined || name === step);
  const ended = (exitCode: number | undefined) => (exitCode === undefined ? 'not finished' : `exit code ${exitCode}`);
  return [
    `EVIDENCE  ${visible(spec.stage)} (attempt ${spec.attempt})${spec.outcome === undefined ? '' : `, ${visible(spec.outcome)}`}  ${visible(metadata.name)}`,
    ...steps.flatMap(({ name, exitCode, log, truncated, missing }) => [
      `STEP  ${visible(name)}, ${ended(exitCode)}${truncated ? ', truncated' : ''}`,
      ...(log === undefined ? [] : [visibleBlock(log.trimEnd(), '  | ')]),
      ...(missing === undefined ? [] : [`  (${log === undefined ? 'no log' : 'not complete'}: ${visible(missing)})`]),
      ...(log === undefined && missing === undefined ? [`  (no log is kept: ${whyNotKept(spec.handling)})`] : []),
    ]),
    ...(step === undefined ? spec.results : []).flatMap(({ name, mediaType, content, truncated }) => [
      `RESULT  ${visible(name)} (${visible(mediaType)})${truncated ? ', truncated' : ''}`,
      visibleBlock(content.trimEnd(), '  | '),
    ]),
  ].join('\n');
}

const whyNotKept = (handling: EvidenceObject['spec']['handling']) =>
  handling === 'Dropped' ? 'policy drops logs' : 'it could not be read';
