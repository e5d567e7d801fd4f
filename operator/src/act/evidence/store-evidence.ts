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
import { collectLogs } from './collect-logs.ts';

/** How many digests the record of the end of an action names, the newest. */
const NAMED = 12;
const POD_GONE = 'the pod is gone, so no log of its steps could be read';

/**
 * Stores the logs and results of a stage that has ended; returns the stage with the digest. An evidence store that does not take them stops
 * nothing: the records of this pass say why evidence is missing.
 */
export async function keepStageEvidence(context: ActContext, pass: Pass, ended: StageStatus): Promise<StageStatus> {
  if (context.evidence === undefined) return ended;
  const { facts, draft } = pass;
  const pod = facts.job?.podName;
  // Of a stage that was stopped, it was stored before its pod was deleted.
  if (pod === undefined && ended.evidence !== undefined) pass.evidence = { digest: ended.evidence };
  else if (pod === undefined) pass.evidence = missing(POD_GONE);
  else {
    const codes = new Map(ended.steps?.map(({ name, exitCode }) => [name, exitCode]));
    const steps = (stepsOf(facts, ended.stage) ?? [...codes.keys()]).map((name) => ({ name, exitCode: codes.get(name) }));
    const logs = await collectLogs(context.client, pod, steps, dataHandling(facts.policies));
    const results = ended.stage === 'verification' ? [] : (draft.results ?? []);
    pass.evidence = await store(context, pass, stageEvidence(pass, ended, logs, results));
  }
  return 'digest' in pass.evidence ? { ...ended, evidence: pass.evidence.digest } : ended;
}

/** Reads the logs of the current stage before its pod is deleted; returns the function that stores them after that. */
export async function collectBeforeStop(context: ActContext, pass: Pass): Promise<() => Promise<void>> {
  const { facts, draft } = pass;
  const { stage, job } = facts;
  if (context.evidence === undefined || stage === undefined || stage.evidence !== undefined || job?.podName === undefined)
    return async () => undefined;
  const steps = (stepsOf(facts, stage.stage) ?? []).map((name) => ({ name }));
  const logs = await collectLogs(context.client, job.podName, steps, dataHandling(facts.policies));
  return async () => {
    const stored = await store(context, pass, stageEvidence(pass, stage, logs, []));
    if (!('digest' in stored)) return;
    draft.stages = (draft.stages ?? []).map((one) => (one.uid === stage.uid ? { ...one, evidence: stored.digest } : one));
  };
}

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
  if (evidence === undefined) return {};
  return 'digest' in evidence ? { [EVIDENCE_DETAIL]: evidence.digest } : { [EVIDENCE_MISSING_DETAIL]: evidence.missing };
}

/** What the record of the end of an action says: the evidence of its stages, the newest of them, and what is missing of the last one. */
export function allEvidenceDetails(pass: Pass): Readonly<Record<string, string>> {
  const last = evidenceDetails(pass);
  const stages = (pass.draft.stages ?? []).flatMap(({ evidence }) => evidence ?? []);
  const digests = new Set([...stages, ...(pass.evidence && 'digest' in pass.evidence ? [pass.evidence.digest] : [])]);
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

async function store(context: ActContext, { facts }: Pass, evidence: Evidence): Promise<StoredEvidence> {
  const { retainMs } = dataHandling(facts.policies);
  try {
    const asked = { evidence, ...(retainMs === undefined ? {} : { retainMs }) };
    const digest = (await context.evidence?.store(asked)) ?? '';
    noteEvidence('Stored');
    return { digest };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.logger.warn('Evidence is not stored', { action: `${evidence.action.namespace}/${evidence.action.name}`, why });
    return missing(`the ${evidence.stage} has ended, and its evidence is not stored: ${why}`);
  }
}

function missing(why: string): StoredEvidence {
  noteEvidence('Missing');
  return { missing: cut(why, 512) };
}
