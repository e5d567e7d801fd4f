import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, digestOf } from '@sentinel/crds';
import type { TransportRequest } from '@sentinel/kube';
import { type Answer, ok, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan, NOW } from '../../test/fixtures.ts';
import { growingQueue } from './queue.ts';
import { teller } from './watch.ts';

const plan = aPlan();
const digest = digestOf(plan.spec);
const waiting = anAction(plan, 'OutcomeUnknown');
const why = 'it was sent, and it may or may not have been applied: HTTP 403\u001b[2K';
const action: AgentAction = {
  ...waiting,
  status: {
    ...waiting.status,
    unknownEffects: [{ effect: 0, object: 'patch deployments shop/web', why }],
    resolutions: [
      { effect: 0, resolution: 'redo', user: 'bea', time: '2026-03-02T10:20:00Z', outcome: 'Refused', message: 'a freeze holds' },
    ],
  },
};
const sealed = { ...action, metadata: { ...action.metadata, annotations: { [annotations.approvals]: '{"sealed":true}' } } };

const cluster =
  (shown: AgentAction = action, answer: Answer = ok(sealed)) =>
  ({ method, path }: { method: string; path: string }): Answer => {
    if (method === 'PATCH') return answer;
    if (path.includes('/actionplans/')) return ok(plan);
    return path.endsWith('/agentactions/repair-web') ? ok(shown) : undefined;
  };
const patches = (requests: readonly TransportRequest[]) => requests.filter(({ method }) => method === 'PATCH');

describe('kubectl sentinel reconcile', () => {
  for (const resolution of ['accept', 'redo', 'roll-back'])
    it(`sends ${resolution} with plan and effect, and says so where no webhook can change it`, async () => {
      const argv = ['reconcile', 'repair-web', resolution, '--effect', '1', '--comment', 'seen', '--yes', '--plan', digest];
      const ran = await runAgainst(cluster(), argv);
      assert.equal(ran.code, 0, ran.error);
      const [patch] = patches(ran.requests);
      const { metadata } = JSON.parse(String(patch?.body)) as { metadata: { annotations: unknown } };
      assert.deepEqual(metadata.annotations, {
        'sentinel.dev/decision': resolution,
        'sentinel.dev/plan': digest,
        'sentinel.dev/effect': '1',
        'sentinel.dev/comment': 'seen',
      });
      assert.match(JSON.stringify([patch?.path, patch?.query]), new RegExp(`fieldManager.*${resolution}.*${digest.slice(7)}:1"`));
      assert.match(ran.out, /UNKNOWN OUTCOMES\n {2}! effect 1: patch deployments shop\/web/);
      assert.match(ran.out, new RegExp(`RESOLUTION {2}${resolution}: `));
      assert.match(ran.out, /registry\.acme\.io\/web:1\.2\.4/);
      assert.doesNotMatch(ran.out, /web-config/);
      assert.match(ran.out, /recorded\n.*kubectl sentinel watch repair-web -n shop\n$/);
    });

  const refused: readonly [string, string[], RegExp, AgentAction?][] = [
    ['an invalid word', ['undo', '--effect', '1'], /'undo' is not a resolution; use one of accept, redo, roll-back/],
    [
      'an effect that is not unknown',
      ['redo', '--effect', '3'],
      /--effect must be the number, in CHANGES of the plan, of an effect .*: 1 \[FlagInvalid\]$/m,
    ],
    [
      'an index, from 0',
      ['redo', '--effect', '0'],
      /--effect must be the number, in CHANGES of the plan, of an effect .*: 1 \[FlagInvalid\]$/m,
    ],
    ['another plan', ['redo', '--effect', '1', '--plan', `sha256:${'1'.repeat(64)}`], /is not the current one/],
    ['no plan if nobody is asked', ['redo', '--effect', '1', '--plan', ''], /--plan must be the digest/],
    ['an action that waits for something else', ['redo', '--effect', '1'], /there is nothing to resolve/, anAction(plan)],
  ];
  for (const [name, argv, expected, shown] of refused)
    it(`refuses ${name}, before anything is sent`, async () => {
      const ran = await runAgainst(cluster(shown), [
        ...['reconcile', 'repair-web', ...argv, '--yes'],
        ...(argv.includes('--plan') ? [] : ['--plan', digest]),
      ]);
      assert.equal(ran.code, /Flag|Confirmation/.test(ran.error) ? 2 : 1);
      assert.match(ran.error, expected);
      assert.deepEqual(patches(ran.requests), []);
    });

  it('is not sent for whatever plan is current: --yes names the plan that was seen', async () => {
    for (const answers of [undefined, ''])
      assert.match(
        (await runAgainst(cluster(), ['reconcile', 'repair-web', 'redo', '--effect', '1', '--yes'], answers)).error,
        /--plan DIGEST/,
      );
  });

  it('asks, and a person says no', async () => {
    const ran = await runAgainst(cluster(), ['reconcile', 'repair-web', 'redo', '--effect', '1'], 'n\n');
    assert.equal(ran.code, 1);
    assert.match(ran.error, /redo effect 1\? \[y\/N\]/);
    assert.deepEqual(patches(ran.requests), []);
  });

  it('is not told as done when nothing sealed it', async () => {
    const ran = await runAgainst(cluster(action, ok(action)), [
      'reconcile',
      'repair-web',
      'redo',
      '--effect',
      '1',
      '--yes',
      '--plan',
      digest,
    ]);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /has no effect/);
  });
});

describe('An effect whose outcome is unknown', () => {
  it('is in the plan, with what was decided so far and what to do next', async () => {
    const { out } = await runAgainst(cluster(), ['plan', 'repair-web']);
    assert.match(out, /UNKNOWN OUTCOMES\n.*patch deployments shop\/web\n {4}it was sent.*HTTP 403\\u001b\[2K\n/);
    assert.match(out, /effect 1: redo by bea at 2026-03-02T10:20:00Z: refused: a freeze holds/);
    for (const resolution of ['accept', 'redo', 'roll-back'])
      assert.match(out, new RegExp(`kubectl sentinel reconcile repair-web -n shop --effect 1 ${resolution}\n`));
    assert.match(out, new RegExp(`sentinel.dev/effect=1 sentinel.dev/plan=${digest} --field-manager=accept:${digest}:1`));
    assert.doesNotMatch(out, /kubectl sentinel approve/);
  });

  it('is in the queue and in the watch', () => {
    assert.match(growingQueue([action], { all: false, now: NOW }).text, /repair-web.*unknown: effect 1/);
    const lines: string[] = [];
    assert.equal(teller('repair-web', 'shop', (line) => lines.push(line))(action), undefined);
    assert.match(lines.join('\n'), /kubectl sentinel reconcile repair-web -n shop --effect 1 roll-back/);
  });

  it('is said to be never resolved after the end', async () => {
    const ended = {
      ...action,
      status: {
        ...action.status,
        ...anAction(plan, 'RollbackIncomplete').status,
        unknownEffects: action.status?.unknownEffects ?? [],
      },
    };
    const { out } = await runAgainst(cluster(ended), ['plan', 'repair-web']);
    assert.match(out, /! effect 1: .*\(never resolved\)/);
    assert.doesNotMatch(out, /kubectl sentinel reconcile/);
  });
});
