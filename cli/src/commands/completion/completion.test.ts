import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TransportRequest } from '@sentinel/kube';
import { ok, refusal, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../../test/fixtures.ts';
import { COMPLETION_SCRIPT } from './index.ts';

const named = (name: string, state: string) => {
  const action = anAction(aPlan(), state);
  return { ...action, metadata: { ...action.metadata, name } };
};
const cluster = ({ path }: TransportRequest) => {
  const items = path.endsWith('/agentactions')
    ? [named('repair-web', 'AwaitingApproval'), named('repair-api', 'Succeeded'), named('look', 'OutcomeUnknown')]
    : path.endsWith('/playbooks')
      ? [
          { metadata: { name: 'set-image', namespace: 'shop' }, spec: {} },
          { metadata: { name: 'health', namespace: 'shop' }, spec: { schedule: { cron: '@hourly' } } },
        ]
      : path.endsWith('/rolebindings')
        ? [{ metadata: { name: 'a', labels: { 'sentinel.dev/account': 'reader' } } }, { metadata: { name: 'b' } }]
        : [{ metadata: { name: 'shop' } }, { metadata: { name: 'ops' } }];
  return ok({ metadata: { resourceVersion: '1' }, items });
};
const complete = async (...words: string[]) => {
  const ran = await runAgainst(cluster, ['__complete', ...words]);
  assert.equal(ran.error, '');
  const lines = ran.out.trimEnd().split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0]), directive: lines.at(-1), ran };
};

describe('completion', () => {
  const cases: readonly [words: string[], values: string[]][] = [
    [['pl'], ['plan']],
    [['re'], ['reject', 'revoke', 'request-changes', 'reconcile', 'report']],
    [
      ['plan', ''],
      ['repair-web', 'repair-api', 'look'],
    ],
    [['plan', 'repair-web', 'r'], ['repair-api']],
    [['approve', ''], ['repair-web']],
    [['-n', 'shop', 'approve', 'rep'], ['repair-web']],
    [['reconcile', ''], ['look']],
    [
      ['reconcile', 'look', ''],
      ['accept', 'redo', 'roll-back'],
    ],
    [
      ['cancel', ''],
      ['repair-web', 'look'],
    ],
    [
      ['trust', ''],
      ['set-image', 'health'],
    ],
    [['schedules', 'run', ''], ['health']],
    [['account', 'delete', ''], ['reader']],
    [['request-changes', ''], ['repair-web']],
    [['approve', 'repair-web', ''], []],
    [['run', 's'], ['set-image']],
    [
      ['account', ''],
      ['create', 'delete', 'list'],
    ],
    [['policy', 'can'], ['can-i']],
    [['agents', 'suspend', ''], ['shop:repair-agent']],
    [['plan', '--fu'], ['--full']],
    [
      ['plan', '-n', ''],
      ['shop', 'ops'],
    ],
    [['plan', '--namespace=o'], ['--namespace=ops']],
    [['get', '--state', 'Running'], ['Running']],
    [['get', '-o', 'w'], ['wide']],
    [
      ['logs', 'repair-web', '--stage', 'r'],
      ['rehearsal', 'run', 'rollback', 'results'],
    ],
    [
      ['run', '--mode', ''],
      ['Apply', 'DryRun'],
    ],
  ];
  for (const [words, values] of cases)
    it(`of '${words.join(' ')}'`, async () => {
      const found = await complete(...words);
      assert.deepEqual(found.values, values);
      assert.equal(found.directive, ':4');
    });

  it('says what each candidate is', async () =>
    assert.match((await complete('approve', '')).ran.out, /^repair-web\tAwaitingApproval\n/));

  it('reads names in the namespace of the command line', async () =>
    assert.match((await complete('plan', '-n', 'ops', '')).ran.requests[0]?.path ?? '', /\/namespaces\/ops\//));

  it('leaves files to the shell', async () => assert.equal((await complete('run', '-f', '')).ran.out, ':0\n'));

  it('shows no error to a person who types', async () => {
    const ran = await runAgainst(() => refusal(403, 'Forbidden', 'no'), ['__complete', 'plan', '']);
    assert.deepEqual([ran.code, ran.out, ran.error], [0, ':4\n', '']);
  });

  it('is the program of the checkout', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../../bin/kubectl_complete-sentinel'), 'utf8');
    assert.equal(text, COMPLETION_SCRIPT);
    assert.equal((await runAgainst(() => undefined, ['completion'])).out, COMPLETION_SCRIPT);
  });
});
