import {
  type AgentActionStatus,
  EVIDENCE_DETAIL,
  EVIDENCE_MISSING_DETAIL,
  type Evidence,
  type EvidenceStep,
  type StageStatus,
} from '@sentinel/crds';
import { dataHandling, keepLongText } from '@sentinel/policy';
import { stepsOf } from '../../facts/facts.ts';
import { noteEvidence } from '../../metrics.ts';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass, StoredEvidence } from '../context.ts';
import { collectLogs, describeMissing } from './collect-logs.ts';

/** How many digests the record of the end of an action names, the newest. */
const NAMED = 12;
/** How long a text about missing evidence may be. */
const MISSING_MAX = 512;
const POD_GONE = 'the pod is gone, so no log of its steps could be read';

/**
 * Stores the logs and results of a stage that has ended; returns the stage with the digest, and with what is missing. An evidence store that
 * does not take them stops nothing: the records of this pass say why evidence is missing.
 */
export async function keepStageEvidence(
  context: ActContext,
  pass: Pass,
  ended: StageStatus,
  signal: AbortSignal,
): Promise<StageStatus> {
  if (context.evidence === undefined) return ended;
  const { facts, draft } = pass;
  const pod = facts.job?.podName;
  // Of a stage that was stopped, it was stored while its pod was deleted.
  if (pod === undefined) pass.evidence = storedBefore(ended) ?? notStored(POD_GONE);
  else {
    const codes = new Map(ended.steps?.map(({ name, exitCode }) => [name, exitCode]));
    const steps = (stepsOf(facts, ended.stage) ?? [...codes.keys()]).map((name) => ({ name, exitCode: codes.get(name) }));
    const onFailure = logFailures(context, pass);
    const logs = await collectLogs(context.client, pod, steps, dataHandling(facts.policies), { signal, onFailure });
    const results = ended.stage === 'verification' ? [] : (draft.results ?? []);
    pass.evidence = await storeStageEvidence(context, pass, ended, logs, results);
  }
  return withEvidence(ended, pass.evidence);
}

function storedBefore({ evidence: digest, evidenceMissing: missing }: StageStatus): StoredEvidence | undefined {
  return digest === undefined && missing === undefined ? undefined : { digest, missing };
}

/** Stores the logs and results of a stage; returns what is stored, and what is missing. */
export async function storeStageEvidence(
  context: ActContext,
  pass: Pass,
  stage: StageStatus,
  logs: EvidenceStep[],
  results: Evidence['results'],
): Promise<StoredEvidence> {
  return await store(context, pass, stageEvidence(pass, stage, logs, results), describeMissing(logs));
}

/** A stage with the digest of its evidence, and with what is missing of it. */
export function withEvidence(stage: StageStatus, { digest, missing }: StoredEvidence): StageStatus {
  const { evidence: _, evidenceMissing: __, ...rest } = stage;
  return {
    ...rest,
    ...(digest === undefined ? {} : { evidence: digest }),
    ...(missing === undefined ? {} : { evidenceMissing: missing }),
  };
}

/** Writes into the log of the operator why a log could not be read. */
export const logFailures =
  ({ logger }: ActContext, { action: { metadata } }: Pass) =>
  (step: string, error: unknown): void =>
    logger.warn('Log of a step cannot be read', {
      action: `${metadata.namespace ?? ''}/${metadata.name}`,
      step,
      error: String(error),
    });

type Outcomes = NonNullable<AgentActionStatus['rollback']>;

/** Stores what a rollback came to: it has no steps and no pod, only an outcome for each effect. */
export async function keepRollbackEvidence(
  context: ActContext,
  pass: Pass,
  run: StageStatus,
  outcomes: Outcomes,
  summary: string,
): Promise<void> {
  if (context.evidence === undefined) return;
  const { attempt, uid, plan } = run;
  const content = await keepLongText('logs', dataHandling(pass.facts.policies), JSON.stringify(outcomes, null, 2));
  const results = content === undefined ? [] : [{ name: 'rollback', mediaType: 'application/json', content }];
  const evidence = { ...stageEvidence(pass, { attempt, uid, plan, message: summary }, [], results), stage: 'rollback' as const };
  pass.evidence = await store(context, pass, evidence);
}

/** What the record of the end of a stage says about its evidence; nothing without an evidence store. */
export function evidenceDetails({ evidence }: Pass): Readonly<Record<string, string>> {
  return {
    ...(evidence?.digest === undefined ? {} : { [EVIDENCE_DETAIL]: evidence.digest }),
    ...(evidence?.missing === undefined ? {} : { [EVIDENCE_MISSING_DETAIL]: evidence.missing }),
  };
}

/** What the record of the end of an action says: the evidence of its stages, the newest of them, and what is missing of the last one. */
export function allEvidenceDetails(pass: Pass): Readonly<Record<string, string>> {
  const last = evidenceDetails(pass);
  const stages = (pass.draft.stages ?? []).flatMap(({ evidence }) => evidence ?? []);
  const digests = new Set([...stages, ...(pass.evidence?.digest === undefined ? [] : [pass.evidence.digest])]);
  return { ...last, ...(digests.size === 0 ? {} : { [EVIDENCE_DETAIL]: [...digests].slice(-NAMED).join(',') }) };
}

type Told = Pick<StageStatus, 'attempt' | 'uid'> & {
  readonly stage?: StageStatus['stage'];
  readonly plan?: string | undefined;
  readonly outcome?: string | undefined;
  readonly message?: string | undefined;
};

function stageEvidence({ action, facts }: Pass, told: Told, steps: EvidenceStep[], results: Evidence['results']): Evidence {
  const { name, namespace = '', uid = '' } = action.metadata;
  const { stage = 'run', attempt, uid: job, plan, outcome, message } = told;
  return {
    action: { namespace, ...(facts.namespaceUid === undefined ? {} : { namespaceUid: facts.namespaceUid }), name, uid },
    stage,
    attempt,
    job,
    ...(plan === undefined ? {} : { plan }),
    ...(outcome === undefined ? {} : { outcome }),
    // A text that was cut may end with half of a character, which has no digest.
    ...(message === undefined ? {} : { message: message.toWellFormed() }),
    handling: dataHandling(facts.policies).logs,
    steps,
    results: results.map((one) => ({ ...one, content: one.content.toWellFormed() })),
  };
}

async function store(
  context: ActContext,
  { facts }: Pass,
  evidence: Evidence,
  missing?: string | undefined,
): Promise<StoredEvidence> {
  const { retainMs } = dataHandling(facts.policies);
  try {
    const asked = { evidence, ...(retainMs === undefined ? {} : { retainMs }) };
    const digest = (await context.evidence?.store(asked)) ?? '';
    noteEvidence(missing === undefined ? 'Stored' : 'Partial');
    return { digest, missing: missing && cut(missing, MISSING_MAX) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.logger.warn('Evidence is not stored', { action: `${evidence.action.namespace}/${evidence.action.name}`, why });
    return notStored(`the evidence of the ${evidence.stage} is not stored: ${why}`);
  }
}

function notStored(why: string): StoredEvidence {
  noteEvidence('Missing');
  return { missing: cut(why, MISSING_MAX) };
}
