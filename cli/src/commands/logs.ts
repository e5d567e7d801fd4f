import { type AgentAction, digestOf, EVIDENCE_DETAIL, type EvidenceObject, EvidenceStage, evidencePath } from '@sentinel/crds';
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
  const digest = newestEvidence(action, wanted);
  if (digest === undefined)
    throw new UsageError(
      'EvidenceMissing',
      `the action names no evidence of ${wanted === undefined ? 'any stage' : `the stage '${wanted}'`}; see 'kubectl sentinel audit show ${name}' for the reason`,
    );
  const found = await readEvidence(client, namespace, digest);
  if (flags.step !== undefined && !found.spec.steps.some((step) => step.name === flags.step))
    throw new UsageError(
      'FlagInvalid',
      `the stage '${found.spec.stage}' has no step '${flags.step}'; its steps are ${found.spec.steps.map((step) => step.name).join(', ')}`,
    );
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

/** The digest of the newest evidence of an action, of one stage if it is named. A rollback has no stage of its own in the status. */
export function newestEvidence({ status }: AgentAction, stage: EvidenceStage | undefined): string | undefined {
  const rollback = status?.outbox?.records
    .findLast(({ transition }) => transition === 'RollbackEnded')
    ?.details?.find(({ name }) => name === EVIDENCE_DETAIL)?.value;
  if (stage === 'rollback') return rollback;
  const of = status?.stages?.findLast((one) => one.evidence !== undefined && (stage === undefined || one.stage === stage));
  return stage === undefined ? (rollback ?? of?.evidence) : of?.evidence;
}

/** Evidence for people: each line of a log behind a bar, because it is text from a sandbox. */
export function renderEvidence({ metadata, spec }: EvidenceObject, step?: string): string {
  const steps = spec.steps.filter(({ name }) => step === undefined || name === step);
  const ended = (exitCode: number | undefined) => (exitCode === undefined ? 'not finished' : `exit code ${exitCode}`);
  return [
    `EVIDENCE  ${visible(spec.stage)} (attempt ${spec.attempt})${spec.outcome === undefined ? '' : `, ${visible(spec.outcome)}`}  ${visible(metadata.name)}`,
    ...steps.flatMap(({ name, exitCode, log, truncated }) => [
      `STEP  ${visible(name)}, ${ended(exitCode)}${truncated ? ', truncated' : ''}`,
      log === undefined ? '  (no log is kept)' : visibleBlock(log.trimEnd(), '  | '),
    ]),
    ...(step === undefined ? spec.results : []).flatMap(({ name, mediaType, content, truncated }) => [
      `RESULT  ${visible(name)} (${visible(mediaType)})${truncated ? ', truncated' : ''}`,
      visibleBlock(content.trimEnd(), '  | '),
    ]),
  ].join('\n');
}
