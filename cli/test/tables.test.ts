import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, type Playbook } from '@sentinel/crds';
import { aPlaybook } from '@sentinel/policy/testing';
import { accountObjects, accountOf } from '../src/commands/account/objects.ts';
import { agentsOf, agentsTable } from '../src/commands/agents/list.ts';
import { growingQueue } from '../src/commands/queue.ts';
import { ok, runAgainst } from './fake-cluster.ts';
import { anAction, aPlan, NOW } from './fixtures.ts';
import { assertGolden } from './golden.ts';

/*
 * Every table that no other test has as a golden file, each with names as long as clusters have them: no table for people is wider than
 * 120 columns, except where its names alone are.
 */

const NAMESPACE = 'payments-production';
const LONG = 'restart-payments-frontend-xxxxxxxxxxxxxx-bcdfg';
const by = (user: string) => ({ [annotations.requestedBy]: JSON.stringify({ user, uid: 'u', groups: [] }) });

function waiting(namespace: string, name: string, user: string, state = 'AwaitingApproval'): AgentAction {
  const action = anAction(aPlan(), state);
  const created = { creationTimestamp: '2026-03-02T09:30:00Z', annotations: by(user) };
  return { ...action, metadata: { ...action.metadata, namespace, name, uid: name, ...created } };
}
const actions = [
  waiting('shop', 'repair-web', 'system:serviceaccount:shop:repair-agent'),
  waiting('shop', 'look', 'ada@acme.io', 'Suspended'),
  waiting(NAMESPACE, LONG, `system:serviceaccount:agents:${'repair-'.repeat(10)}agent`),
];

const byForeigner = waiting(NAMESPACE, LONG, 'system:serviceaccount:agents:payments-remediation-agent');

const condition = (type: string, status: 'True' | 'False', message = '') => ({
  ...{ type, status, reason: 'x', message },
  lastTransitionTime: '2026-05-01T00:00:00Z',
});
const schedule = { cron: '*/30 6-20 * * MON-FRI', timeZone: 'America/Argentina/Buenos_Aires' };
const scheduled: Playbook[] = [
  {
    ...aPlaybook({ schedule: { cron: '@hourly' } }, { name: 'health-check', namespace: 'shop' }),
    status: {
      conditions: [condition('Scheduled', 'True'), condition('Healthy', 'True')],
      schedule: {
        lastRun: { action: 'health-check-1', dueTime: '2026-05-01T00:30:00.000Z', state: 'NoEffect' },
        nextRunTime: '2026-05-02T00:30:00.000Z',
      },
    },
  },
  {
    ...aPlaybook({ schedule }, { name: 'certificates-of-the-checkout', namespace: NAMESPACE }),
    status: {
      conditions: [condition('Scheduled', 'False', 'The schedule is suspended because the Playbook is not trusted.')],
      schedule: { missed: 3, lastMissedTime: '2026-04-30T00:30:00.000Z' },
    },
  },
];

const users = ['one', 'two', 'three', 'four'].map((name) => `${NAMESPACE}:repair-agent-number-${name}`);
const bindings = [
  ...accountObjects(accountOf('shop', 'remediator', { role: 'edit', user: ['shop:repair-agent'] })),
  ...accountObjects(accountOf(NAMESPACE, 'remediator-of-the-checkout', { role: 'payments-production-editor', user: users })),
].filter(({ kind }) => kind === 'RoleBinding');

const listOf = (items: readonly unknown[]) => () => ok({ metadata: { resourceVersion: '1' }, items });
const shown = async (items: readonly unknown[], ...argv: string[]) => {
  const { code, out, error } = await runAgainst(listOf(items), argv);
  assert.equal(code, 0, error);
  return out.trimEnd();
};

const tables: Readonly<Record<string, () => string | Promise<string>>> = {
  queue: () => growingQueue(actions.slice(0, 2), { all: false, now: NOW }).text,
  'queue-all': () => growingQueue(actions, { all: true, now: NOW }).text,
  'agents-all': () => agentsTable(agentsOf([...actions.slice(0, 2), byForeigner], []), { all: true, wide: false, now: NOW }),
  schedules: () => shown(scheduled.slice(0, 1), 'schedules'),
  'schedules-all': () => shown(scheduled, 'schedules', '-A'),
  'account-list': () => shown(bindings.slice(0, 2), 'account', 'list'),
  'account-list-all': () => shown(bindings, 'account', 'list', '-A'),
};

describe('The tables', () => {
  for (const [name, print] of Object.entries(tables))
    it(`are at most 120 columns wide: ${name}`, async () => {
      const text = await print();
      assertGolden(name, text);
      // Below a row stands what people must read whole: what an action changes, and why a schedule does not run.
      const rows = text.split('\n').filter((line) => !/^( {2}|! )/.test(line));
      for (const line of rows) assert.ok(line.length <= 120, `${line.length}: ${line}`);
    });

  it('are wider only with -o wide', () => {
    assertGolden('queue-wide', growingQueue(actions, { all: true, wide: true, now: NOW }).text);
  });

  it('are rows and nothing else with --no-headers', async () => {
    for (const argv of [['get'], ['queue'], ['agents'], ['schedules', '-A'], ['account', 'list']]) {
      const items = argv[0] === 'account' ? bindings : argv[0] === 'schedules' ? scheduled.slice(0, 1) : actions;
      const [whole, bare] = [await shown(items, ...argv), await shown(items, ...argv, '--no-headers')];
      const first = new Set(items.flatMap((one) => Object.values((one as AgentAction).metadata)));
      assert.notEqual(bare, whole, argv.join(' '));
      assert.doesNotMatch(bare, /^(NAME|AGENT| {2}|!)/m);
      assert.ok(first.size > 0 && bare !== '');
    }
  });

  it('are of the columns that the caller chooses', async () => {
    const columns = 'NAME:.metadata.name,STATE:.status.conditions[?(@.type=="Succeeded")].reason,RISK:.status.plan.risk';
    const chosen = await shown(actions.slice(0, 2), 'get', '-o', `custom-columns=${columns}`, '--sort-by', '.metadata.name');
    assert.equal(
      chosen,
      'NAME         STATE              RISK\nlook         Suspended          Critical\nrepair-web   AwaitingApproval   Critical',
    );
    assert.equal(
      await shown(actions, 'queue', '-o', 'custom-columns=N:.metadata.name', '--no-headers'),
      `repair-web\nlook\n${LONG}`,
    );
  });
});
