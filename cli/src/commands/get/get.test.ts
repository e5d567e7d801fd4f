import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations } from '@sentinel/crds';
import type { TransportRequest } from '@sentinel/kube';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan, NOW } from '../../../test/fixtures.ts';
import { assertGolden } from '../../../test/golden.ts';
import { painter } from '../../terminal/paint.ts';
import { actionsTable } from './actions-table.ts';
import { renderStatus } from './status.ts';

function named(name: string, state: string, change: Partial<AgentAction['metadata']> = {}): AgentAction {
  const action = anAction(aPlan(), state);
  return { ...action, metadata: { ...action.metadata, creationTimestamp: '2026-03-02T09:30:00Z', ...change, name, uid: name } };
}

const long = named(`restart-payments-frontend-${'x'.repeat(14)}-bcdfg`, 'RunFailed', {
  namespace: 'payments-production',
  annotations: {
    [annotations.requestedBy]: JSON.stringify({
      user: `system:serviceaccount:agents:${'repair-'.repeat(9)}agent`,
      uid: 'u',
      groups: [],
    }),
  },
});
const actions = [named('repair-web', 'AwaitingApproval'), named('repair-api', 'Succeeded'), long];
const list = ({ path }: TransportRequest) =>
  path.endsWith('/agentactions') ? ok({ metadata: { resourceVersion: '1' }, items: actions }) : undefined;
const run = (...argv: string[]) => runAgainst(list, argv);

describe('get', () => {
  for (const [all, wide] of [
    [false, false],
    [true, false],
    [true, true],
  ] as const)
    it(`prints a table of at most 120 columns (${all ? 'all namespaces' : 'one namespace'}${wide ? ', wide' : ''})`, () => {
      const view = { all, wide, now: NOW };
      const { text } = actionsTable(actions, view);
      assertGolden(`get${all ? '-all' : ''}${wide ? '-wide' : ''}`, text);
      // A wide table may be wider: kubectl's is, too.
      if (!wide) for (const line of text.split('\n')) assert.ok(line.length <= 120, `${line.length}: ${line}`);
    });

  it('finds actions by the beginning of their names, by state and by risk', async () => {
    const names = async (...argv: string[]) => (await run('get', ...argv, '-o', 'name')).out.trim().split('\n');
    assert.deepEqual(await names('repair'), ['agentaction.sentinel.dev/repair-api', 'agentaction.sentinel.dev/repair-web']);
    assert.deepEqual(await names('agentaction/repair-w'), ['agentaction.sentinel.dev/repair-web']);
    assert.deepEqual(await names('--state', 'succeeded'), ['agentaction.sentinel.dev/repair-api']);
    assert.equal((await names('--risk', 'High+')).length, 3);
    assert.deepEqual(await names('--risk', 'Low,Medium'), ['']);
  });

  it('refuses states and levels that do not exist, and names of other kinds', async () => {
    for (const [argv, expected] of [
      [['--state', 'Done'], /--state knows no 'Done'; use Pending, /],
      [['--risk', 'Huge'], /--risk knows no 'Huge'; use Low, Medium, High, Critical/],
      [['pod/x'], /'pod\/x' names another kind/],
    ] as const) {
      const ran = await run('get', ...argv);
      assert.equal(ran.code, 2);
      assert.match(ran.error, expected);
      assert.match(ran.error, /See 'kubectl sentinel get --help' for usage\.\n$/);
    }
  });

  it('passes the labels on to the server, and says when nothing was found', async () => {
    const ran = await runAgainst(() => ok({ metadata: { resourceVersion: '1' }, items: [] }), ['get', '-l', 'team=shop', '-A']);
    assert.equal(ran.requests[0]?.query?.labelSelector, 'team=shop');
    assert.deepEqual([ran.out, ran.error, ran.code], ['', 'There are no actions.\n', 0]);
    const missing = await run('get', 'nothing');
    assert.deepEqual([missing.code, /begins with 'nothing'.*\[ObjectNotFound\]/.test(missing.error)], [1, true]);
  });

  it('prints objects without managedFields, and values by jsonpath', async () => {
    const managed = { ...actions[0], metadata: { ...actions[0]?.metadata, managedFields: [{ manager: 'x' }] } };
    const answer = () => ok({ metadata: { resourceVersion: '1' }, items: [managed] });
    assert.doesNotMatch((await runAgainst(answer, ['get', '-o', 'yaml'])).out, /managedFields/);
    const ran = await runAgainst(answer, ['get', '-o', 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}']);
    assert.equal(ran.out, 'repair-web\n\n');
  });

  it('goes on with --watch, and tells only of rows that change', async () => {
    const changed = named('repair-web', 'Starting');
    const events = [
      { type: 'MODIFIED', object: { ...changed, metadata: { ...changed.metadata, resourceVersion: '42' } } },
      { type: 'MODIFIED', object: { ...changed, metadata: { ...changed.metadata, resourceVersion: '43' } } },
    ];
    let watches = 0;
    const ran = await runAgainst(
      (request) => {
        if (request.query?.watch === undefined) return list(request);
        // The second watch is refused, which ends the command.
        if (watches++ > 0) return { status: 403, body: { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' } };
        return ok(events);
      },
      ['get', 'repair', '--watch'],
    );
    assert.deepEqual(
      ran.out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/).slice(0, 2)),
      [
        ['NAME', 'STATE'],
        ['repair-api', 'Succeeded'],
        ['repair-web', 'AwaitingApproval'],
        ['repair-web', 'Starting'],
      ],
    );
  });
});

describe('status', () => {
  for (const state of ['AwaitingApproval', 'RunFailed'])
    it(`says where an action that is ${state} is, and what comes next`, () =>
      assertGolden(`status-${state}`, renderStatus(named('repair-web', state), NOW, painter(false))));

  it('counts the actions of a namespace by their state', async () => {
    assertGolden('status', (await run('status')).out.trimEnd());
    const { states } = JSON.parse((await run('status', '-o', 'json')).out) as { states: object };
    assert.deepEqual(states, { AwaitingApproval: 1, Succeeded: 1, RunFailed: 1 });
  });
});

describe('a name', () => {
  it('may be the beginning of one name for who reads, and stderr says which one it is', async () => {
    const ran = await run('status', 'repair-w');
    assert.equal(ran.code, 0, ran.error);
    assert.equal(ran.error, "'repair-w' is the action 'repair-web'\n");
  });

  it('that fits several is refused, and they are listed', async () => {
    const ran = await run('status', 'repair');
    assert.equal(ran.code, 2);
    assert.match(ran.error, /2 names begin with it: repair-web, repair-api; pass a whole name \[NameAmbiguous\]/);
  });

  it('must be whole for a decision that nobody is asked about', async () => {
    const ran = await run('reject', 'repair-w', '--yes', '--comment', 'no');
    assert.equal(ran.code, 2);
    assert.match(ran.error, /pass the whole name: repair-web \[NameAmbiguous\]/);
    assert.ok(ran.requests.every(({ method }) => method === 'GET'));
  });
});
