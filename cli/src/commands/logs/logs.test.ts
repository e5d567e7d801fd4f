import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, type Evidence, evidencePath } from '@sentinel/crds';
import { type Answer, ok, refusal, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../../test/fixtures.ts';

const evidence = (stage: Evidence['stage'], log: string): Evidence => ({
  action: { namespace: 'shop', name: 'repair-web', uid: 'uid-1' },
  stage,
  attempt: 1,
  job: 'j1',
  outcome: 'Succeeded',
  handling: 'Redacted',
  steps: [
    { name: 'look', exitCode: 0, log: 'looked\n' },
    { name: 'restart', exitCode: 0, log },
  ],
  results: [{ name: 'report', mediaType: 'text/plain', content: 'all is well' }],
});
const rehearsal = evidence('rehearsal', 'would restart\n');
const run = evidence('run', 'restarted \u001b[2J\nSTEP  forged\n');

const base = anAction(aPlan(), 'Succeeded');
const stageOf = (stage: 'rehearsal' | 'run', of: Evidence | undefined) => ({
  stage,
  attempt: 1,
  name: stage,
  uid: stage,
  ...(of ? { evidence: digestOf(of) } : {}),
});
const action = { ...base, status: { ...base.status, stages: [stageOf('rehearsal', rehearsal), stageOf('run', run)] } };

const cluster =
  (answered: readonly Evidence[] = [rehearsal, run], of: object = action) =>
  ({ path }: { path: string }): Answer => {
    if (path.endsWith('/agentactions/repair-web')) return ok(of);
    const digests = [rehearsal, run].map(digestOf);
    const at = digests.findIndex((digest) => path === evidencePath('shop', digest));
    return answered[at] && ok({ kind: 'Evidence', metadata: { name: digests[at], namespace: 'shop' }, spec: answered[at] });
  };

describe('kubectl sentinel logs', () => {
  it('prints the newest stage, or the one that is named, and no log can imitate a line of it', async () => {
    const { code, out, error, requests } = await runAgainst(cluster(), ['logs', 'repair-web']);
    assert.equal(code, 0, error);
    // No pod is asked, so the pods may be gone.
    assert.ok(requests.every(({ path }) => /\/(agentactions|evidence)\//.test(path)));
    assert.ok(
      out.startsWith(`EVIDENCE  run (attempt 1), Succeeded  ${digestOf(run)}\nSTEP  look, exit code 0\n  | looked\n`),
      out,
    );
    assert.ok(!out.includes('\u001b') && out.includes('\n  | STEP  forged\n'), out);
    assert.ok(out.includes('RESULT  report (text/plain)\n  | all is well'), out);
    const other = await runAgainst(cluster(), ['logs', 'repair-web', '--stage', 'rehearsal']);
    assert.match(other.out, /would restart/);
  });

  it('prints one step, and names those that exist', async () => {
    const { out } = await runAgainst(cluster(), ['logs', 'repair-web', '--step', 'look']);
    assert.ok(out.includes('looked') && !out.includes('restart') && !out.includes('RESULT'), out);
    const wrong = await runAgainst(cluster(), ['logs', 'repair-web', '--step', 'nosuch']);
    assert.match(wrong.error, /has no step 'nosuch'; its steps are look, restart \[FlagInvalid\]/);
  });

  it('shows nothing that does not have the digest that the action names', async () => {
    const { code, out, error } = await runAgainst(cluster([rehearsal, evidence('run', 'nothing happened')]), [
      'logs',
      'repair-web',
    ]);
    assert.deepEqual([code, out], [1, '']);
    assert.match(error, /\[EvidenceDigestMismatch\]/);
  });

  it('says what is missing, why, and with a code for each reason', async () => {
    const none = { ...base, status: { ...base.status, stages: [stageOf('run', undefined)] } };
    const said = async (handler: Parameters<typeof runAgainst>[0], ...flags: string[]) => {
      const { code, out, error } = await runAgainst(handler, ['logs', 'repair-web', ...flags]);
      assert.equal(out, '');
      return `${code} ${error}`;
    };
    assert.match(
      await said(cluster([], none)),
      /^1 .*no evidence of any stage of 'repair-web' is stored: run \(attempt 1\): nothing was stored, because no evidence store was in use.*\[EvidenceMissing\]/,
    );
    const stages = [{ ...stageOf('rehearsal', undefined), outcome: undefined }];
    const open = { ...base, status: { ...anAction(aPlan(), 'Rehearsing').status, stages } };
    assert.match(await said(cluster([], open)), /^1 .*rehearsal \(attempt 1\): it has not ended.*\[EvidenceMissing\]/);
    assert.match(
      await said(cluster(), '--stage', 'verification'),
      /^1 .*no evidence of the stage 'verification' of 'repair-web' is stored: there was none; the action is Succeeded/,
    );
    assert.match(await said(cluster(), '--stage', 'results'), /^1 .*has no results \[EvidenceMissing\]/);
    assert.match(
      await said(cluster([])),
      /^1 .*the evidence of the run \(attempt 1\) \('sha256:.*cannot be read: the cluster serves no evidence store.*\[EvidenceStoreMissing\]/,
    );
    const retired = (request: { path: string }): Answer =>
      request.path.includes('/evidence/')
        ? {
            status: 404,
            body: { kind: 'Status', status: 'Failure', code: 404, details: { causes: [{ reason: 'EvidenceNotFound' }] } },
          }
        : cluster()(request);
    assert.match(await said(retired), /^1 .*its time of retention is over.*\[EvidenceDeleted\]/);
    assert.match(
      await said(() => undefined),
      /^1 .*there is no action 'repair-web'.*kubectl sentinel logs --digest DIGEST -n shop \[ObjectNotFound\]/,
    );
  });

  it('refuses what makes no sense before it asks anybody', async () => {
    const digest = digestOf(run);
    for (const [words, expected] of [
      [['repair-web', '--stage', 'nosuch'], /use rehearsal, run, verification, rollback, results \[FlagInvalid\]/],
      [['repair-web', '--attempt', '2'], /pass --stage with it \[FlagRequired\]/],
      [['repair-web', '--attempt', 'x', '--stage', 'run'], /must be a number from 1/],
      [['repair-web', '--all-stages', '--step', 'look'], /leave out --stage, --attempt and --step \[FlagConflict\]/],
      [['repair-web', '--digest', digest], /\[FlagConflict\]/],
      [['--digest', 'sha256:1'], /64 hexadecimal digits/],
      [[], /name an action, or pass --digest/],
    ] as const) {
      const { code, error, requests } = await runAgainst(cluster(), ['logs', ...words]);
      assert.deepEqual([code, requests.length], [2, 0], words.join(' '));
      assert.match(error, expected);
    }
  });

  it('prints every stage, and what is missing between them', async () => {
    const lost = { ...stageOf('run', undefined), evidenceMissing: 'the store did not answer' };
    const of = { ...base, status: { ...base.status, stages: [stageOf('rehearsal', rehearsal), lost, stageOf('run', run)] } };
    const { code, out } = await runAgainst(cluster(undefined, of), ['logs', 'repair-web', '--all-stages']);
    assert.equal(code, 0);
    assert.match(out, /^EVIDENCE {2}rehearsal[\s\S]*\nMISSING {2}run \(attempt 1\): the store did not answer\nEVIDENCE {2}run/);
    const json = await runAgainst(cluster(undefined, of), ['logs', 'repair-web', '--all-stages', '-o', 'json']);
    assert.equal((JSON.parse(json.out) as { items: unknown[] }).items.length, 2);
    assert.match(json.error, /^MISSING {2}run/);
  });

  it('prints one Job of a stage', async () => {
    const twice = [stageOf('rehearsal', rehearsal), { ...stageOf('rehearsal', run), attempt: 2 }];
    const of = { ...base, status: { ...base.status, stages: twice } };
    const first = await runAgainst(cluster(undefined, of), ['logs', 'repair-web', '--stage', 'rehearsal', '--attempt', '1']);
    assert.match(first.out, /would restart/);
    const third = await runAgainst(cluster(undefined, of), ['logs', 'repair-web', '--stage', 'rehearsal', '--attempt', '3']);
    assert.match(third.error, /no evidence of the stage 'rehearsal', attempt 3/);
  });

  it('prints the results, from the evidence where the status had no room for them', async () => {
    const results = [{ name: 'report', mediaType: 'text/plain', content: 'all is' }];
    const of = { ...action, status: { ...action.status, results } };
    const small = await runAgainst(cluster(undefined, of), ['logs', 'repair-web', '--stage', 'results']);
    assert.equal(small.out, 'RESULT  report (text/plain), text from the sandbox\n  | all is\n');
    const cut = { ...of, status: { ...of.status, shortened: ['results'] } };
    const whole = await runAgainst(cluster(undefined, cut), ['logs', 'repair-web', '--stage', 'results']);
    assert.match(whole.out, /\n {2}\| all is well\n$/);
  });

  it('prints evidence by its digest, without an action', async () => {
    const gone = (request: { path: string }) =>
      request.path.endsWith('/agentactions/repair-web') ? undefined : cluster()(request);
    const { code, out, requests } = await runAgainst(gone, ['logs', '--digest', digestOf(run), '--step', 'look']);
    assert.deepEqual([code, requests.length], [0, 1]);
    assert.match(out, /^EVIDENCE {2}run[\s\S]*looked\n$/);
  });

  it('says that the newest stage is missing and why, where it shows an older one', async () => {
    const why = 'the evidence of the run is not stored: connect ECONNREFUSED';
    const lost = { ...stageOf('run', undefined), evidenceMissing: why };
    const of = { ...base, status: { ...base.status, stages: [stageOf('rehearsal', rehearsal), lost] } };
    const { out } = await runAgainst(cluster([rehearsal, run], of), ['logs', 'repair-web']);
    assert.ok(out.startsWith(`MISSING  run (attempt 1): ${why}\nEVIDENCE  rehearsal`), out);
    const json = await runAgainst(cluster([rehearsal, run], of), ['logs', 'repair-web', '-o', 'json']);
    assert.equal((JSON.parse(json.out) as { kind: string }).kind, 'Evidence');
    assert.ok(json.error.includes(`MISSING  run (attempt 1): ${why}`), json.error);
    const { error } = await runAgainst(cluster([rehearsal, run], of), ['logs', 'repair-web', '--stage', 'run']);
    assert.ok(error.includes(`no evidence of the stage 'run' of 'repair-web' is stored: run (attempt 1): ${why}`), error);
  });

  it('says of each step why its log is missing', async () => {
    const steps: Evidence['steps'] = [
      { name: 'look', exitCode: 0, missing: 'the API server answered 500' },
      { name: 'restart', exitCode: 0, log: 'beginning', truncated: true, missing: 'its last lines: its pod is gone' },
      { name: 'after', missing: 'the step did not start' },
    ];
    const show = async (partial: Evidence) => {
      const of = { ...base, status: { ...base.status, stages: [stageOf('run', partial)] } };
      const object = { kind: 'Evidence', metadata: { name: digestOf(partial), namespace: 'shop' }, spec: partial };
      const answer = ({ path }: { path: string }) => ok(path.endsWith('/agentactions/repair-web') ? of : object);
      return (await runAgainst(answer, ['logs', 'repair-web'])).out;
    };
    const out = await show({ ...run, steps });
    assert.ok(out.includes('STEP  look, exit code 0\n  (no log: the API server answered 500)'), out);
    assert.ok(out.includes('  | beginning\n  (not complete: its last lines: its pod is gone)'), out);
    assert.ok(out.includes('STEP  after, not finished\n  (no log: the step did not start)'), out);
    const dropped = await show({ ...run, handling: 'Dropped', steps: [{ name: 'look', exitCode: 0 }] });
    assert.ok(dropped.includes('  (no log is kept: policy drops logs)'), dropped);
  });

  it('passes on what the API server refuses', async () => {
    const denied = (request: { path: string }) =>
      request.path.includes('/evidence/')
        ? refusal(403, 'Forbidden', 'sentinel: ada may not read this evidence')
        : cluster()(request);
    const { code, error } = await runAgainst(denied, ['logs', 'repair-web']);
    assert.equal(code, 3);
    assert.match(error, /may not read this evidence/);
  });
});
