import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, type Evidence, evidencePath } from '@sentinel/crds';
import { type Answer, ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

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
    const { code, out, error } = await runAgainst(cluster(), ['logs', 'repair-web']);
    assert.equal(code, 0, error);
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

  it('says what is missing', async () => {
    const none = { ...base, status: { ...base.status, stages: [stageOf('run', undefined)] } };
    assert.match(
      (await runAgainst(cluster([], none), ['logs', 'repair-web'])).error,
      /names no evidence of any stage.*\[EvidenceMissing\]/,
    );
    assert.match(
      (await runAgainst(cluster([]), ['logs', 'repair-web'])).error,
      /the cluster has no evidence.*\[EvidenceMissing\]/,
    );
    assert.match(
      (await runAgainst(cluster(), ['logs', 'repair-web', '--stage', 'nosuch'])).error,
      /use rehearsal, run, verification, rollback/,
    );
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
    assert.ok(error.includes(`names no evidence of the stage 'run': run (attempt 1): ${why}`), error);
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
