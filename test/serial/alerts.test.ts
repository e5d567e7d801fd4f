import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type AgentAction, agentActions } from '@sentinel/crds';
import { parse } from 'yaml';
import { type RuleFile, scaleRules } from '../../tools/monitoring/scale.ts';
import { admin, eventually } from '../lib/cluster.ts';
import { holdWrites } from '../lib/hold-writes.ts';
import { serveLocalWebhook } from '../lib/hostile/local-webhook.ts';
import {
  fileRefused,
  fileWaiting,
  hasUnhealthySchedule,
  makeFailing,
  makeFrozen,
  makeUnhealthy,
  writePlaybooks,
} from '../lib/monitoring/actions.ts';
import {
  ageAuthority,
  leaveLease,
  openSandboxes,
  repeat,
  serveSink,
  setSetting,
  takeRights,
  type Undo,
} from '../lib/monitoring/faults.ts';
import { whileNoReviewsAreSent } from '../lib/monitoring/no-reviews.ts';
import { type Prometheus, startPrometheus } from '../lib/monitoring/prometheus.ts';
import { resolutionsIn } from '../lib/people/resolutions.ts';
import { startProgram, stopProgram } from '../lib/programs.ts';
import { approve, carriedOut, rehearsed } from '../lib/runs.ts';
import { type ActionView, client, clientOf, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A real Prometheus scrapes the installed programs and evaluates the alerts that the chart ships. Time passes sixty times as quickly for it:
// what must hold for five minutes must hold for five seconds. Each alert is seen to fire on a real fault, and to end with it.

const FACTOR = 60;
const shippedIn = join(import.meta.dirname, '..', '..', 'charts', 'sentinel', 'monitoring');
const shipped = parse(readFileSync(join(shippedIn, 'rules.yaml'), 'utf8')) as RuleFile;
const alerts = shipped.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort();
const SYSTEM = ['-n', 'sentinel-system'];

describe('On a real fault', { concurrency: false, timeout: 600_000 }, () => {
  let prometheus: Prometheus;
  let frozen: Tenant;
  let failing: Tenant;
  let unhealthy: Promise<Tenant>;
  let sent: string;
  let filed: Promise<void>;
  let sink: Awaited<ReturnType<typeof serveSink>>;
  let sinkStopped: number;
  /** Restores what is not restored yet, the newest first. */
  const undos: Undo[] = [];
  const began = Date.now();

  async function undoAll(): Promise<void> {
    for (let undo = undos.pop(); undo; undo = undos.pop()) await undo();
  }

  /** Waits until each of these alerts has fired since that time. */
  async function fired(context: TestContext, since: number, ...names: readonly string[]): Promise<void> {
    const left = new Set(names);
    await eventually(
      `${names.join(', ')} firing`,
      async () => {
        for (const name of await prometheus.firedSince(since))
          if (left.delete(name)) context.diagnostic(`${name} after ${((Date.now() - since) / 1000).toFixed(0)} s`);
        if (left.size === 0) return true;
        throw new Error(`not yet: ${[...left].join(', ')}`);
      },
      90,
    );
  }

  /** Waits until no alert has fired for as long as the shortest of them take to fire. */
  const nothingFires = () =>
    eventually('the end of all alerts', async () => {
      const firing = await prometheus.firedSince(Date.now() - 5_000);
      const { items } = await client.list(agentActions);
      const others = items.filter(({ metadata }) => ![frozen.namespace, failing.namespace].includes(metadata.namespace ?? ''));
      // What other tests have left behind may wait on.
      const states = others.map((action) => stateOf(action as unknown as ActionView));
      const left = [
        ...(states.includes('AwaitingApproval') ? ['SentinelApprovalWaits'] : []),
        ...((await hasUnhealthySchedule()) ? ['SentinelScheduleUnhealthy'] : []),
      ];
      const own = firing.filter((name) => !left.includes(name));
      if (own.length > 0) throw new Error(own.join(', '));
      return true;
    });

  before(async () => {
    [frozen, failing] = await Promise.all([makeFrozen(), makeFailing()]);
    const jobs = ['sentinel-operator', 'sentinel-webhook', 'sentinel-gateway', 'sentinel-evidence'];
    prometheus = await startPrometheus(scaleRules(shipped, FACTOR), jobs);
    sent = await rehearsed(failing, 'sent');
  });
  after(async () => {
    await undoAll();
    await prometheus?.stop();
  });

  it('and only then: none fires while all is well', async () => {
    await nothingFires();
  });

  it('SentinelRunLeftChanges fires: the checks of a run fail, and it has no rollback', async (context) => {
    const since = Date.now();
    // It is due within a minute.
    unhealthy = makeUnhealthy();
    unhealthy.catch(() => undefined);
    const left = await rehearsed(failing, 'left');
    // All that wait for people are rehearsed meanwhile.
    filed = fileWaiting(frozen, 21);
    filed.catch(() => undefined);
    await fileRefused(failing);
    const ended = await carriedOut(failing, left);
    assert.equal(stateOf(ended), 'VerificationFailed', messageOf(ended));
    await fired(context, since, 'SentinelRunLeftChanges');
  });

  it('or on none, the dashboard shows what goes on: each of its expressions has series, and numbers in them', async () => {
    const { panels } = JSON.parse(readFileSync(join(shippedIn, 'dashboard.json'), 'utf8')) as {
      panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const isEmpty = async (expr: string) => !(await prometheus.query(expr)).some(({ value }) => Number.isFinite(value));
    await whileNoReviewsAreSent(() =>
      eventually('series of the dashboard', async () => {
        const empty: string[] = [];
        for (const expr of expressions) if (await isEmpty(expr)) empty.push(expr);
        if (empty.length > 0) throw new Error(empty.join('\n'));
        return true;
      }),
    );
  });

  it('SentinelScheduleUnhealthy fires: a check fails each minute', async (context) => {
    await unhealthy;
    await fired(context, began, 'SentinelScheduleUnhealthy');
    // From now on each of its times is missed.
    undos.push(await takeRights('schedule', ['agentactions']));
  });

  it('SentinelOperatorDown fires: the operator is stopped', async (context) => {
    const since = Date.now();
    await stopProgram('operator');
    undos.push(() => startProgram('operator', 1));
    await fired(context, since, 'SentinelOperatorDown');
  });

  it('SentinelLeaderMissing and SentinelGuardsAltered fire: a dead process holds the Lease, and the sandboxes were opened', async (context) => {
    const since = Date.now();
    // For the alerts of the audit trail below.
    sink = await serveSink();
    undos.push(sink.stop, await setSetting('operator', 'SENTINEL_OTLP_ENDPOINT', sink.endpoint));
    const close = await openSandboxes();
    undos.push(close);
    await leaveLease();
    await startProgram('operator', 1);
    await fired(context, since, 'SentinelLeaderMissing', 'SentinelGuardsAltered');
    await close();
  });

  it('SentinelGatewayDown fires: its replicas are killed in the middle of a write', async (context) => {
    await filed;
    const since = Date.now();
    const writes = await holdWrites(failing.namespace);
    try {
      await approve(failing, sent);
      await eventually('the write', async () => writes.held() === 1, undefined, 100);
      await admin.kubectl(['scale', 'deployment', 'sentinel-gateway', ...SYSTEM, '--replicas=0']);
      undos.push(() => startProgram('gateway', 2));
      const pods = ['pods', '-l', 'app.kubernetes.io/component=gateway', ...SYSTEM];
      await admin.kubectl(['delete', ...pods, '--grace-period=0', '--force']);
      // The API server gives up what nobody waits for.
      await eventually('the end of the write', async () => writes.held() === 0, undefined, 100);
    } finally {
      await writes.stop();
    }
    await fired(context, since, 'SentinelGatewayDown');
  });

  it('the alerts of readiness and caches fire: the gateway may not read policies and plans', async (context) => {
    const since = Date.now();
    const [{ value: used = 0 } = {}] = await prometheus.query('max(last_over_time(sentinel_storage_used_bytes[5m]))');
    assert.ok(used > 0);
    const total = `${Math.round((used * 1.05) / 1024)}Ki`;
    undos.push(await setSetting('gateway', 'SENTINEL_STORAGE_TOTAL', total), await ageAuthority());
    const give = await takeRights('gateway', ['agentpolicies', 'clusteragentpolicies', 'actionplanparts']);
    undos.push(give);
    await admin.kubectl(['scale', 'deployment', 'sentinel-gateway', ...SYSTEM, '--replicas=2']);
    const stale = ['SentinelPoliciesStale', 'SentinelCacheStale'];
    try {
      await fired(context, since, 'SentinelNoReplicaReady', 'SentinelReplicaNotReady', ...stale);
    } finally {
      await give();
      await startProgram('gateway', 2);
    }
  });

  it('its other alerts fire: its authority ends soon, its room is nearly full, and what became of the write is not known', async (context) => {
    const since = Date.now();
    // The operator asks again later and later while nobody answers; a change of the action has it ask now.
    await admin.kubectl(['annotate', 'agentaction', sent, '-n', failing.namespace, 'example.com/look=now']);
    await fired(context, since, 'SentinelCertificateNearExpiry', 'SentinelStorageNearlyFull', 'SentinelUnknownEffects');
  });

  it('the alerts of reconciles fire: a webhook of somebody else fails, late', async (context) => {
    const since = Date.now();
    let hangMs = 1_000;
    const stop = await serveLocalWebhook({
      name: 'hangs',
      namespace: frozen.namespace,
      rule: { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['playbooks/status'] },
      review: ({ hangUp }) => void setTimeout(hangUp, hangMs),
    });
    undos.push(stop);
    await writePlaybooks(frozen, 150);
    const ofReconciles = ['SentinelReconcileErrors', 'SentinelReconcileSlow', 'SentinelQueueDeep'];
    await fired(context, since, 'SentinelAPIErrors', ...ofReconciles);
    // What comes next takes its time meanwhile.
    sinkStopped = Date.now();
    await sink.stop();
    hangMs = 20_000;
    await fired(context, since, 'SentinelReconcileStuck');
    await stop();
  });

  it('the alerts of the audit trail fire: its sink does not answer', async (context) => {
    // It has records of its own.
    await failing.file('sent');
    await fired(context, sinkStopped, 'SentinelAuditExportLag', 'SentinelAuditSinkFails');
  });

  it('the alerts of the webhook fire: it may not ask for the rights of people, and somebody sends what is no review', async (context) => {
    const since = Date.now();
    const give = await takeRights('webhook', ['subjectaccessreviews']);
    undos.push(give);
    const agent = clientOf(frozen.agent);
    const file = () =>
      agent.create(agentActions, {
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'AgentAction',
        metadata: { name: 'cannot-be-judged', namespace: frozen.namespace },
        spec: { intent: { summary: 'a test of alerts' }, playbookRef: { name: 'health-check' } },
      } as AgentAction);
    await eventually('a check that cannot be made', () =>
      file().then(
        () => assert.fail('it was admitted'),
        (error: unknown) => /could not be checked/.test(String(error)),
      ),
    );
    const stop = repeat(500, file);
    try {
      await whileNoReviewsAreSent(() => fired(context, since, 'SentinelWebhookCannotJudge', 'SentinelWebhookRequestsNotJudged'));
    } finally {
      await stop();
      await give();
    }
  });

  it('the alerts of people who do not decide, of what is held, and of times that were missed, fire', async (context) => {
    await fired(
      context,
      began,
      'SentinelScheduleMissed',
      'SentinelDecisionsPileUp',
      'SentinelApprovalWaits',
      'SentinelStartsHeld',
    );
  });

  it('SentinelWebhookDown fires: the webhook is stopped', async (context) => {
    const since = Date.now();
    undos.push(() => startProgram('webhook', 2));
    await stopProgram('webhook');
    await fired(context, since, 'SentinelWebhookDown');
  });

  it('and each one ends with its fault', async () => {
    await undoAll();
    const answer = await resolutionsIn(() => failing.namespace).reconcile(failing.approver, sent, '--effect', '1', 'accept');
    assert.equal(answer.code, 0, answer.stderr);
    await admin.kubectl(['delete', 'agentactions', '--all', '-n', frozen.namespace]);
    await admin.kubectl(['delete', 'playbooks', '--all', '-n', (await unhealthy).namespace]);
    await nothingFires();
  });

  it('none is left out', async () => {
    assert.deepEqual(await prometheus.firedSince(began), alerts);
  });
});
