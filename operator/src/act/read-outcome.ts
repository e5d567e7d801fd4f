import { type AgentActionStatus, namespaces, type RunReport, type Stage, type StageStatus } from '@sentinel/crds';
import { dataHandling, endedByParent, keepSentence, keepText, suspendedBy } from '@sentinel/policy';
import { z } from 'zod';
import { playbookUnchanged, whyUnverifiable } from '../decide/decide.ts';
import { lossOf, outcomeOf, reexecutionDetail, reexecutionOf, refusalsOf, withReexecution } from '../decide/outcome.ts';
import { rollsBack } from '../decide/rollback.ts';
import { type Facts, stepsOf } from '../facts/facts.ts';
import { END, stepContainer } from '../sandbox/names.ts';
import { condition, enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { ActContext, Pass } from './context.ts';
import { end } from './end.ts';
import { failVerification } from './fail-verification.ts';
import { startJob } from './start-job.ts';
import { writePlan } from './write-plan.ts';

const LOG_BYTES = 64 * 1024;
const MAX_REHEARSALS = 3;
const RESULT_MAX = 16384;
const LAST_WORDS = 800;

/** Reads how a stage ended and goes on from there: plan, verification, rollback or end. */
export async function readOutcome(context: ActContext, pass: Pass, stage: Stage): Promise<void> {
  const { facts, draft, now } = pass;
  const current = facts.stage;
  if (!current) return;
  const { gatewayAddress } = await context.settings();
  const report = await keepRefusals(facts, await context.gateway.report(current.uid, gatewayAddress));
  const outcome = await explainOutcome(
    context,
    pass,
    outcomeOf(facts.job, stepsOf(facts, stage), stage === 'run' ? report : undefined, facts.plan?.spec.effects.length ?? 0),
    refusalsOf(report),
  );
  const ended: StageStatus = { ...current, ...withReexecution(stage, outcome), finishedAt: new Date(now).toISOString() };
  draft.stages = (draft.stages ?? []).map((one) => (one.uid === current.uid ? ended : one));
  // What the kill switch kept is kept.
  if (stage !== 'verification' && facts.job?.podName && killedBy(pass, ended) === undefined)
    draft.results = await readResults(context, facts, facts.job.podName);
  if (stage === 'rehearsal') return await afterRehearsal(context, pass, ended, report);
  if (stage === 'run') return await afterRun(context, pass, ended, report);
  return afterVerification(pass, ended);
}

// Refusals quote commands, and what the API server answered.
async function keepRefusals({ policies }: Facts, { refused = [], ...report }: RunReport): Promise<RunReport> {
  const handling = dataHandling(policies);
  const kept = refused.map(async ({ effect, why }) => ({ effect, why: await keepSentence(handling, why) }));
  return { ...report, refused: await Promise.all(kept) };
}

// The last words of the step that failed: what a person needs to understand it. Data from a sandbox, cut to size. What the gateway
// refused is said by the gateway, whatever the step made of it.
async function explainOutcome(
  { client }: ActContext,
  { facts }: Pass,
  ended: Pick<StageStatus, 'outcome' | 'message' | 'steps'>,
  refusals: string | undefined,
) {
  const failed = ended.steps?.find(({ exitCode }) => exitCode > 0);
  if (ended.outcome !== 'Failed' || !failed) return ended;
  const outcome = refusals === undefined ? ended : { ...ended, message: `${ended.message ?? ''}: ${refusals}` };
  if (!facts.job?.podName) return outcome;
  const log = await client
    .logs(namespaces.sandboxes, facts.job.podName, stepContainer(failed.name), { tailLines: 5, limitBytes: 2048 })
    .catch(() => '');
  // Masked before it is cut: a cut may take the name away by which a secret is known.
  const words = await keepText('logs', dataHandling(facts.policies), log.trim());
  if (words === undefined) return outcome;
  return { ...outcome, message: `${outcome.message ?? ''}. Its last words: ${words.slice(-LAST_WORDS)}`.slice(0, 2000) };
}

const ResultLine = z.object({ name: z.string().max(63), content: z.string(), truncated: z.boolean() });

async function readResults(
  { client }: ActContext,
  { playbook, policies }: Facts,
  pod: string,
): Promise<NonNullable<AgentActionStatus['results']>> {
  const declared = playbook?.spec.results ?? [];
  const handling = dataHandling(policies);
  if (declared.length === 0 || handling.logs === 'Dropped') return [];
  const log = await client.logs(namespaces.sandboxes, pod, END, { limitBytes: LOG_BYTES }).catch(() => '');
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
    return end(pass, 'Cancelled', 'the action was cancelled during its rehearsal');
  const killed = killedBy(pass, ended);
  if (killed !== undefined) {
    condition(draft, 'Rehearsed', 'False', 'Failed', killed, now);
    return end(pass, 'RehearsalFailed', killed);
  }
  if (!playbookUnchanged(pass.facts)) {
    const changed = 'the Playbook changed while it was rehearsed. File the action again.';
    condition(draft, 'Rehearsed', 'False', 'Failed', changed, now);
    return end(pass, 'Denied', changed);
  }
  const again = reexecutionOf(ended) ?? lossOf(ended);
  const orphaned = endedByParent(pass.facts.parent, draft.lineage?.at(-1)?.uid, pass.action.spec.mode) !== undefined;
  const mayRepeat = !orphaned && ended.attempt < MAX_REHEARSALS;
  if (again !== undefined && mayRepeat) return await rehearseAgain(context, pass, ended, again);
  // A run is claimed before anything of it is answered: without a claim its steps never asked for anything.
  const recorded = report.claimed ? report.recorded : { effects: [], shown: [], reads: [], notObservable: [], digest: '' };
  if (ended.outcome === 'Succeeded' && recorded) return await writePlan(context, pass, recorded);
  // The replica that recorded it is gone, which fails what the steps still ask for. Nothing persisted: it can simply be made again.
  if (!recorded && mayRepeat) return await startJob(context, pass, 'rehearsal');
  const message =
    ended.outcome === 'Succeeded'
      ? 'what the rehearsal recorded was lost with a replica of the gateway'
      : (ended.message ?? 'it failed');
  condition(draft, 'Rehearsed', 'False', 'Failed', message, now);
  end(pass, 'RehearsalFailed', message);
}

// Nothing persisted, and what it recorded is not what one execution of each step does.
async function rehearseAgain(context: ActContext, pass: Pass, ended: StageStatus, why: string): Promise<void> {
  record(
    pass.draft,
    pass.action,
    {
      transition: 'StartedOver',
      actor: 'sentinel-operator',
      summary: `rehearsal ${ended.attempt} does not count: ${why}`,
      job: ended.uid,
      details: { 'sentinel.steps.reexecuted': reexecutionDetail(ended) },
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
  const unclear = report.unknown.length === 0 ? '' : `, the outcome of ${report.unknown.length} is unknown`;
  const done = `${report.consumed.length} of ${facts.plan?.spec.effects.length ?? 0} approved effects carried out${unclear}`;
  record(
    draft,
    action,
    {
      transition: 'RunEnded',
      actor: 'sentinel-gateway',
      summary: `${ended.outcome}: ${ended.message ?? ''}; ${done}`,
      plan: ended.plan,
      job: ended.uid,
      details: {
        'sentinel.outcome': ended.outcome,
        'sentinel.effects.done': report.consumed.join(','),
        'sentinel.steps.reexecuted': reexecutionDetail(ended),
      },
    },
    now,
  );
  if (good && !stopped) {
    if (!facts.plan || !facts.playbook) return failVerification(pass, whyUnverifiable(facts));
    if (!facts.playbook.spec.verify?.length) {
      condition(draft, 'Verified', 'Unknown', 'NotNeeded', 'the Playbook has no checks', now);
      return end(pass, 'Succeeded', `${done}; the Playbook has no checks`);
    }
    enter(draft, 'Verifying', 'the run has ended; its checks come next', now);
    if (facts.playbook.spec.verifyAfter === undefined && suspendedBy(facts.policies).length === 0)
      await startJob(context, pass, 'verification');
    return;
  }
  // The kill switch freezes what there is: nothing is written any more, not even to take something back.
  const killed = killedBy(pass, ended);
  if (killed !== undefined) return end(pass, 'RunFailed', `${killed}; ${done}, and stay`);
  // What was begun may have been carried out: the rollback looks at each object and says what became of it.
  const begun = report.consumed.length + report.unknown.length > 0;
  if (begun && rollsBack(facts))
    return enter(draft, 'RollingBack', `${ended.message ?? 'the run failed'}; ${done}; they are rolled back`, now);
  const state = stopped ? 'Cancelled' : ended.outcome === 'Blocked' ? 'Blocked' : 'RunFailed';
  const reason = facts.plan ? (facts.plan.spec.rollback.reason ?? 'the Playbook has none') : 'the plan is gone';
  const why = begun ? `; rollback is not available: ${reason}` : '';
  end(pass, state, `${ended.message ?? 'the run failed'} (${done}${why})`);
}

// What does not end well while the kill switch is on was ended by it, or would be: nothing more is done about it.
function killedBy({ facts }: Pass, ended: StageStatus): string | undefined {
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length === 0 || ended.outcome === 'Succeeded') return undefined;
  return `ended by the kill switch of ${stoppers.join(', ')}`;
}

function afterVerification(pass: Pass, ended: StageStatus): void {
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
      details: { 'sentinel.steps.reexecuted': reexecutionDetail(ended) },
    },
    now,
  );
  const killed = killedBy(pass, ended);
  if (good) end(pass, 'Succeeded', 'everything that was approved was done, and verified');
  else if (killed !== undefined) end(pass, 'VerificationFailed', `${killed}; its changes stay`);
  else failVerification(pass, ended.message ?? '');
}
