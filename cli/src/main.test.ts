import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ok, runAgainst } from '../test/fake-cluster.ts';
import { anAction, aPlan } from '../test/fixtures.ts';

const list = () => ok({ metadata: { resourceVersion: '1' }, items: [anAction(aPlan())] });

describe('the command line', () => {
  for (const argv of [
    ['-n', 'ops', 'queue'],
    ['queue', '-n', 'ops'],
    ['queue', '--namespace=ops'],
  ])
    it(`takes the namespace from '${argv.join(' ')}'`, async () => {
      const ran = await runAgainst(list, argv);
      assert.equal(ran.code, 0, ran.error);
      assert.equal(ran.requests[0]?.path, '/apis/sentinel.dev/v1alpha1/namespaces/ops/agentactions');
    });

  it('takes the namespace of the context when none is named, and all of them with -A', async () => {
    assert.match((await runAgainst(list, ['queue'])).requests[0]?.path ?? '', /namespaces\/shop\//);
    assert.equal((await runAgainst(list, ['queue', '-A'])).requests[0]?.path, '/apis/sentinel.dev/v1alpha1/agentactions');
  });

  it('takes a comment that looks like a flag for a comment', async () => {
    const ran = await runAgainst(() => undefined, ['reject', 'x', '--yes', '--comment', '-n']);
    assert.equal(ran.requests[0]?.path, '/apis/sentinel.dev/v1alpha1/namespaces/shop/agentactions/x');
  });

  it('takes no flag that it would not obey', async () => {
    const ran = await runAgainst(list, ['approve', 'x', '-A', '--yes']);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /unknown option '-A'/);
    assert.deepEqual(ran.requests, []);
  });

  it('prints help on stdout and answers with 0', async () => {
    const ran = await runAgainst(list, ['approve', '-h']);
    assert.equal(ran.code, 0);
    assert.match(ran.out, /^Usage: kubectl sentinel approve/);
    assert.equal(ran.error, '');
  });

  it('prints raw objects that hold nothing hostile', async () => {
    for (const format of ['json', 'yaml']) {
      const ran = await runAgainst(list, ['queue', '-o', format]);
      assert.equal(ran.code, 0, ran.error);
      assert.doesNotMatch(ran.out, /[\u001b\r\u202e]/);
    }
  });
});
