import { type AgentActionStatus, effectNumber, namespaces, type RunReport, type Stage, type StageStatus } from '@sentinel/crds';
import { dataHandling, END, endedByParent, keepText, stepContainer } from '@sentinel/policy';
import { z } from 'zod';
import {
  lossOf,
  outcomeOf,
  reexecutionDetail,
  reexecutionOf,
  refusalsOf,
  unservedOutcome,
  verifiedOutcome,
  withCancellation,
  withReexecution,
} from '../../decide/outcome.ts';
import { playbookUnchanged } from '../../decide/playbook-unchanged.ts';
import { RecorderUnavailable } from '../../decide/recorder.ts';
import { stoppedBy } from '../../decide/stopped-by.ts';
import { type Facts, stepsOf } from '../../facts/facts.ts';
import { condition, enter, stateOf } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import { withoutLinesOf } from '../../status/text.ts';
import { type ActContext, LOG_RETRY_MS, type Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { READ_MS } from '../evidence/collect-logs.ts';
import { evidenceDetails, keepStageEvidence } from '../evidence/store-evidence.ts';
import { findAlteredPod } from '../jobs/find-altered-pod.ts';
import { startJob } from '../jobs/start-job.ts';
import { writePlan } from '../plan/write-plan.ts';
import { acceptedOf, awaitResolution } from './await-resolution.ts';
import { concludeRun, doneOf, killedBy } from './conclude-run.ts';
import { failVerification } from './fail-verification.ts';
import { keepReport } from './keep-report.ts';
import { describeOffer, offerOf } from './offer-amendment.ts';
import { verifyAgain } from './verify-again.ts';

const LOG_BYTES = 64 * 1024;
const MAX_REHEARSALS = 3;
const RESULT_MAX = 16384;
const LAST_WORDS = 800;

/** Reads the outcome of a stage and continues with the plan, the verification, the rollback or the end. */
export async function readOutcome(context: ActContext, pass: Pass, stage: Stage): Promise<void> {
  const { facts } = pass;
  const current = facts.stage;
  if (!current) return;
  const readsLogs = facts.job?.podName !== undefined;
  const endTurn = readsLogs ? context.logTurns.tryTake(pass.action.metadata.namespace ?? '') : () => undefined;
  if (endTurn === undefined) {
    pass.againAfterMs = LOG_RETRY_MS;
    return;
  }
  const read = await readEnd(context, pass, stage, current).finally(endTurn);
  if (read === undefined) return;
  const { ended, report } = read;
  if (stage === 'rehearsal') return await afterRehearsal(context, pass, ended, report);
  if (stage === 'run') return await afterRun(context, pass, ended, report);
  if (!mayVerifyAgain(pass, ended) || !verifyAgain(pass, ended, report)) afterVerification(pass, ended, report);
}

// The outcome of a stage, with its logs and results kept; undefined while the gateway cannot say what it recorded.
async function readEnd(
  context: ActContext,
  pass: Pass,
  stage: Stage,
  current: StageStatus,
): Promise<{ readonly ended: StageStatus; readonly report: RunReport } | undefined> {
  const { facts, draft, now } = pass;
  const { gatewayAddress } = await context.settings();
  const said = await askGateway(context, pass, current, gatewayAddress);
  if (said === undefined) return undefined;
  const signal = AbortSignal.timeout(READ_MS);
  const report = await keepReport(facts, said);
  const steps = stepsOf(facts, stage);
  const outcome = await explainOutcome(
    context,
    pass,
    (stage === 'verification' ? verifiedOutcome(facts.job, steps, report) : undefined) ??
      unservedOutcome(facts.job, steps, report) ??
      outcomeOf(facts.job, steps, stage === 'run' ? report : undefined, facts.plan?.spec.effects.length ?? 0),
    refusalsOf(report),
    signal,
  );
  const altered = outcome.outcome === 'Succeeded' ? await findAlteredPod(context, facts, current, report) : undefined;
  const believed = altered === undefined ? outcome : { ...outcome, outcome: 'Failed' as const, message: altered };
  // The gateway records no success of checks after a cancellation, which it reads itself.
  const isCancelled = stage === 'verification' && report.verified !== true && stoppedBy(facts) !== undefined;
  const concluded: StageStatus = {
    ...current,
    ...withCancellation(isCancelled, withReexecution(stage, believed)),
    finishedAt: new Date(now).toISOString(),
  };
  // Results that were stored by the kill switch are kept.
  if (stage !== 'verification' && facts.job?.podName && killedBy(pass, concluded) === undefined)
    draft.results = await readResults(context, facts, facts.job.podName, signal);
  const ended = await keepStageEvidence(context, pass, concluded, signal);
  draft.stages = (draft.stages ?? []).map((one) => (one.uid === current.uid ? ended : one));
  return { ended, report };
}

// While the recording cannot be read but is not lost, the status says so, and it is requested again with the back-off of a failed reconcile.
async function askGateway(
  { gateway }: ActContext,
  { draft, now, afterwards }: Pass,
  { uid, stage }: StageStatus,
  address: string,
): Promise<RunReport | undefined> {
  try {
    return await gateway.report(uid, address, stage);
  } catch (error) {
    if (!(error instanceof RecorderUnavailable)) throw error;
    enter(draft, stateOf(draft), `the ${stage} has ended; ${error.message} and is asked again`, now);
    afterwards.push(() => Promise.reject(error));
    return undefined;
  }
}

// A cancellation, a deletion or the kill switch does not wait for checks.
const mayVerifyAgain = (pass: Pass, ended: StageStatus) =>
  stoppedBy(pass.facts) === undefined && killedBy(pass, ended) === undefined;

// The termination message of the failed step, which a person needs to understand the failure. Data from a sandbox, cut to size. Refusals
// of the gateway are reported by the gateway itself, even if the step ignored them.
async function explainOutcome(
  { client }: ActContext,
  { facts }: Pass,
  ended: Pick<StageStatus, 'outcome' | 'message' | 'steps'>,
  refusals: string | undefined,
  signal: AbortSignal,
) {
  const failed = ended.steps?.find(({ exitCode }) => exitCode > 0);
  if (ended.outcome !== 'Failed' || !failed) return ended;
  const outcome = refusals === undefined ? ended : { ...ended, message: `${ended.message ?? ''}: ${refusals}` };
  if (!facts.job?.podName) return outcome;
  const log = await client
    .logs(namespaces.sandboxes, facts.job.podName, stepContainer(failed.name), { tailLines: 5, limitBytes: 2048, signal })
    .catch(() => '');
  // Masked before it is cut, because a cut may remove the name that identifies a secret.
  const words = await keepText('logs', dataHandling(facts.policies), log.trim());
  // Refusals of the gateway are included already.
  const own = words && withoutLinesOf(words, refusals ?? '').trim();
  if (!own) return outcome;
  return { ...outcome, message: `${outcome.message ?? ''}. Termination message: ${own.slice(-LAST_WORDS)}`.slice(0, 2000) };
}

const ResultLine = z.object({ name: z.string().max(63), content: z.string(), truncated: z.boolean() });

async function readResults(
  { client }: ActContext,
  { playbook, policies }: Facts,
  pod: string,
  signal: AbortSignal,
): Promise<NonNullable<AgentActionStatus['results']>> {
  const declared = playbook?.spec.results ?? [];
  const handling = dataHandling(policies);
  if (declared.length === 0 || handling.logs === 'Dropped') return [];
  const log = await client.logs(namespaces.sandboxes, pod, END, { limitBytes: LOG_BYTES, signal }).catch(() => '');
  const lines = log.split('\n').flatMap((line) => ResultLine.safeParse(parseJson(line)).data ?? []);
  const results: NonNullable<AgentActionStatus['results']> = [];
  for (const { name, mediaType } of declared) {
    const found = lines.find((line) => line.name === name);
    const content = found && (await keepText('logs', handling, found.content));
    if (content !== undefined)
      results.push({ name, mediaType, content: content.slice(0, RESULT_MAX), ...(found?.truncated ? { truncated: true } : {}) });
  }
  return results;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function afterRehearsal(context: ActContext, pass: Pass, ended: StageStatus, report: RunReport): Promise<void> {
  const { draft, now } = pass;
  if (pass.action.spec.cancelled || pass.action.metadata.deletionTimestamp !== undefined)
    return end(pass, 'Cancelled', `${stoppedBy(pass.facts)?.why ?? 'the action was cancelled'} during its rehearsal`);
  const killed = killedBy(pass, ended);
  if (killed !== undefined) return failRehearsal(pass, killed);
  if (!playbookUnchanged(pass.facts)) {
    const changed = 'the Playbook changed while it was rehearsed. Create the action again.';
    condition(draft, 'Rehearsed', 'False', 'Failed', changed, now);
    return end(pass, 'Denied', changed);
  }
  const again = reexecutionOf(ended) ?? lossOf(ended);
  const orphaned = endedByParent(pass.facts.parent, draft.lineage?.at(-1)?.uid, pass.action.spec.mode) !== undefined;
  const mayRepeat = !orphaned && ended.attempt < MAX_REHEARSALS;
  if (again !== undefined && mayRepeat) return await rehearseAgain(context, pass, ended, again);
  // A run is claimed before its first response: without a claim its steps never sent a request.
  if (ended.outcome === 'Succeeded' && !report.claimed && pass.action.spec.amends)
    return failRehearsal(pass, 'its steps sent no request, so there is no plan to amend');
  const recorded = report.claimed ? report.recorded : { effects: [], digest: '' };
  if (ended.outcome === 'Succeeded' && recorded) {
    const conflict = await writePlan(context, pass, recorded, report.statement);
    if (conflict === undefined) return;
    if (mayRepeat) return await rehearseAgain(context, pass, ended, conflict);
    return failRehearsal(pass, `its plan cannot be stored: ${conflict}. Create the action again.`);
  }
  // The replica that recorded the rehearsal is gone, so the remaining requests of the steps failed. Nothing persisted, so the rehearsal can be repeated.
  if (!recorded && mayRepeat) return await startJob(context, pass, 'rehearsal');
  const lost = 'what the rehearsal recorded was lost with a replica of the gateway';
  failRehearsal(pass, ended.outcome === 'Succeeded' ? lost : (ended.message ?? 'it failed'));
}

function failRehearsal(pass: Pass, message: string): void {
  condition(pass.draft, 'Rehearsed', 'False', 'Failed', message, pass.now);
  end(pass, 'RehearsalFailed', message);
}

// Nothing persisted, but the recording is not that of one execution of each step.
async function rehearseAgain(context: ActContext, pass: Pass, ended: StageStatus, why: string): Promise<void> {
  record(
    pass.draft,
    pass.action,
    {
      transition: 'StartedOver',
      actor: 'sentinel-operator',
      summary: `rehearsal ${ended.attempt} does not count: ${why}`,
      job: ended.uid,
      details: { ...evidenceDetails(pass), 'sentinel.steps.reexecuted': reexecutionDetail(ended) },
    },
    pass.now,
  );
  await startJob(context, pass, 'rehearsal');
}

async function afterRun(context: ActContext, pass: Pass, ended: StageStatus, report: RunReport): Promise<void> {
  const { draft, facts, now, action } = pass;
  const stopped = action.spec.cancelled || action.metadata.deletionTimestamp !== undefined;
  const good = ended.outcome === 'Succeeded';
  condition(draft, 'Executed', good ? 'True' : 'False', good ? 'Satisfied' : 'Failed', ended.message ?? '', now);
  const done = doneOf(facts, report);
  if (report.blocked !== undefined && report.amendment) draft.amendment = offerOf(report.amendment);
  record(
    draft,
    action,
    {
      transition: 'RunEnded',
      actor: 'sentinel-gateway',
      summary: `${ended.outcome}: ${ended.message ?? ''}; ${done}`,
      plan: ended.plan,
      job: ended.uid,
      statement: report.statement,
      details: {
        ...evidenceDetails(pass),
        'sentinel.outcome': ended.outcome,
        'sentinel.effects.planned': String(facts.plan?.spec.effects.length ?? 0),
        'sentinel.amendment': draft.amendment && describeOffer(draft.amendment),
        'sentinel.effects.done': String(report.consumed.length),
        'sentinel.effects.unknown': String(report.unknown.length),
        'sentinel.effects.done_numbers': report.consumed.map(effectNumber).join(','),
        'sentinel.effects.unknown_numbers': report.unknown.map(({ effect }) => effectNumber(effect)).join(','),
        'sentinel.steps.reexecuted': reexecutionDetail(ended),
      },
    },
    now,
  );
  if (report.unknown.length > 0 && !stopped) return awaitResolution(pass, report);
  await concludeRun(context, pass, ended, report);
}

function afterVerification(pass: Pass, ended: StageStatus, report: RunReport): void {
  const { draft, now, action } = pass;
  const good = ended.outcome === 'Succeeded';
  condition(draft, 'Verified', good ? 'True' : 'False', good ? 'Satisfied' : 'Failed', ended.message ?? '', now);
  record(
    draft,
    action,
    {
      transition: 'VerificationEnded',
      actor: 'sentinel-operator',
      summary: `${ended.outcome}: ${ended.message ?? ''}`,
      plan: ended.plan,
      job: ended.uid,
      statement: report.statement,
      details: {
        ...evidenceDetails(pass),
        'sentinel.outcome': ended.outcome,
        'sentinel.steps.reexecuted': reexecutionDetail(ended),
      },
    },
    now,
  );
  const killed = killedBy(pass, ended);
  const accepted = acceptedOf(draft.resolutions);
  const done = `everything that was approved was done${accepted === undefined ? '' : ' or accepted'}, and verified`;
  if (good) end(pass, 'Succeeded', accepted === undefined ? done : `${done} (${accepted})`);
  else if (killed !== undefined) end(pass, 'VerificationFailed', `${killed}; its changes stay`);
  else if (ended.outcome === 'Cancelled')
    failVerification(
      pass,
      `${stoppedBy(pass.facts)?.why ?? 'it was cancelled'} before its checks had ended`,
      'verification was cancelled',
    );
  else failVerification(pass, ended.message ?? '');
}
