import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ActionPlanPart, API_VERSION, annotations, digestOf } from '@sentinel/crds';
import { type Answer, ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

const plan = aPlan();
const digest = digestOf(plan.spec);
const action = anAction(plan);
const sealed = { ...action, metadata: { ...action.metadata, annotations: { [annotations.approvals]: '{"sealed":true}' } } };

/** Serves the action and its plan; `patches` are the answers to the patches, in order. */
function cluster(patches: readonly Answer[] = [ok(sealed)], shown: unknown = action, planned: unknown = plan) {
  let sent = 0;
  return ({ method, path }: { method: string; path: string }): Answer => {
    if (method === 'PATCH') return patches[Math.min(sent++, patches.length - 1)];
    if (path.includes('/actionplans/')) return ok(planned);
    return path.endsWith('/agentactions/repair-web') ? ok(shown) : undefined;
  };
}
const bodies = (requests: readonly { method: string; body?: unknown }[]) =>
  requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(String(body)) as unknown);

describe('a decision', () => {
  it('is one merge patch that only sets the annotations, with the digest of what was shown', async () => {
    const ran = await runAgainst(cluster(), ['approve', 'repair-web', '--comment', 'fine', '--yes', '--plan', digest]);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /agentaction\.sentinel\.dev\/repair-web approved\n$/);
    assert.match(ran.out, new RegExp(`PLAN {2}${digest}`));
    assert.deepEqual(bodies(ran.requests), [
      {
        metadata: {
          uid: 'uid-1',
          annotations: {
            'sentinel.dev/decision': 'approve',
            'sentinel.dev/plan': digest,
            'sentinel.dev/comment': 'fine',
          },
        },
      },
    ]);
    assert.equal(
      ran.requests.find(({ method }) => method === 'PATCH')?.headers?.['content-type'],
      'application/merge-patch+json',
    );
  });

  it('is refused with the code of the bound on decisions', async () => {
    const message =
      'admission webhook "actions.sentinel.dev" denied the request: sentinel: this action has 24 decisions: reject it';
    const refused = refusal(403, 'Forbidden', message);
    const causes = [{ reason: 'DecisionLimitExceeded', message: 'x' }];
    const answer = { ...refused, body: { ...refused.body, details: { causes } } };
    const ran = await runAgainst(cluster([answer]), ['approve', 'repair-web', '--yes', '--plan', digest]);
    assert.equal(ran.code, 3);
    assert.match(ran.error, /this action has 24 decisions: reject it.*DecisionLimitExceeded/);
  });

  it('is told not to count while the action is suspended, with who suspended it', async () => {
    const held = {
      ...sealed,
      status: {
        ...sealed.status,
        conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Suspended', message: 'm' }],
        suspension: [{ policy: 'AgentPolicy/shop', by: 'sid', since: '2026-03-02T10:00:00Z' }],
      },
    };
    const said = async (verb: string) =>
      (await runAgainst(cluster([ok(held)]), [verb, 'repair-web', '--comment', 'c', '--yes', '--plan', digest])).out
        .trimEnd()
        .split('\n')
        .at(-1);
    assert.equal(
      await said('approve'),
      'agentaction.sentinel.dev/repair-web approval recorded: it does not count, because the action is suspended by AgentPolicy/shop (by sid since 2026-03-02T10:00:00Z); approve again after the kill switch is turned off',
    );
    assert.equal(await said('reject'), 'agentaction.sentinel.dev/repair-web rejected');
  });

  it('is not sent for whatever plan is current: --yes names the plan that was seen, on a terminal as well', async () => {
    const ran = await runAgainst(cluster(), ['approve', 'repair-web', '--yes'], '');
    assert.equal(ran.code, 2);
    assert.match(
      ran.error,
      /--yes skips the question, so the digest of what you have seen is required: pass --plan DIGEST .* or leave --yes out/,
    );
    assert.deepEqual(bodies(ran.requests), []);
  });

  it('is sent when a person says yes', async () => {
    const ran = await runAgainst(cluster(), ['approve', 'repair-web'], 'y\n');
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.error, /approve this plan\? \[y\/N\]/);
  });

  it('asks with what was not shown, unless all of it was', async () => {
    const long = aPlan({
      effects: plan.spec.effects.map((one) =>
        one.index === 1
          ? { ...one, change: [{ path: '/data/x', lines: `@@ -1 +1 @@${'\n+x'.repeat(60)}`, format: 'Text' as const }] }
          : one,
      ),
    });
    const asked = (...more: string[]) =>
      runAgainst(cluster(undefined, anAction(long), long), ['approve', 'repair-web', ...more], 'n\n');
    const short = await asked();
    assert.match(short.error, /approve this plan\? 1 part of it was not shown; --full shows it\. \[y\/N\]/);
    assert.match(short.out, /NOT SHOWN.*\n {2}2\. ConfigMap shop\/web-config \/data\/x: 21 of 61 rows\n/);
    assert.match((await asked('--full')).error, /approve this plan\? \[y\/N\]/);
  });

  for (const answer of ['\n', 'n\n', '', 'yesterday\n'])
    it(`is not sent when a person says ${JSON.stringify(answer)}`, async () => {
      const ran = await runAgainst(cluster(), ['approve', 'repair-web'], answer);
      assert.equal(ran.code, 1);
      assert.deepEqual(bodies(ran.requests), []);
    });

  const refused: readonly [name: string, argv: string[], expected: RegExp][] = [
    ['without a terminal and without --yes', ['approve', 'repair-web'], /pass --yes/],
    [
      'without a terminal and without the digest of the plan that was seen',
      ['approve', 'repair-web', '--yes'],
      /stdin is not a terminal; pass --yes and --plan DIGEST/,
    ],
    [
      'with the digest of another plan',
      ['approve', 'repair-web', '--yes', '--plan', `sha256:${'1'.repeat(64)}`],
      /is not the current one/,
    ],
    ['with something that is not a digest', ['approve', 'repair-web', '--yes', '--plan', 'latest'], /--plan must be the digest/],
    ['to reject without a comment', ['reject', 'repair-web', '--yes'], /--comment/],
    ['to reject with an empty comment', ['reject', 'repair-web', '--yes', '--comment', ' '], /--comment/],
    [
      'to ask for changes without a comment',
      ['request-changes', 'repair-web', '--yes'],
      /--comment is required: .*what to change/,
    ],
    [
      'for a name that leads elsewhere',
      ['approve', '../../secrets/x', '--yes', '--plan', digest],
      /is not a valid name for an action/,
    ],
    [
      'in a namespace that leads elsewhere',
      ['approve', 'repair-web', '--yes', '--plan', digest, '-n', '../x'],
      /is not a valid name for a namespace/,
    ],
    [
      'for an action that there is not',
      ['approve', 'other', '--yes', '--plan', digest],
      /there is no action 'other' in namespace 'shop'/,
    ],
  ];
  for (const [name, argv, expected] of refused)
    it(`is refused ${name}, before anything is sent`, async () => {
      const ran = await runAgainst(cluster(), argv);
      assert.equal(ran.code, /FlagInvalid|FlagRequired|ConfirmationRequired/.test(ran.error) ? 2 : 1);
      assert.match(ran.error, expected);
      assert.equal(ran.error.trim().split('\n').length, /\[Flag/.test(ran.error) ? 2 : 1);
      assert.deepEqual(bodies(ran.requests), []);
    });

  it('is refused when the plan was altered', async () => {
    const altered = { ...plan, spec: { ...plan.spec, account: 'other' } };
    const ran = await runAgainst(cluster(undefined, action, altered), ['approve', 'repair-web', '--yes', '--plan', digest]);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /the plan was altered/);
  });

  const part: ActionPlanPart = {
    apiVersion: API_VERSION,
    kind: 'ActionPlanPart',
    metadata: { name: 'repair-web-1-part-1', namespace: 'shop' },
    spec: {
      number: 1,
      changes: [{ effect: 1, field: 0, path: '/data/app.yaml', lines: '@@ -1 +1 @@\n-old\n+only in the part', format: 'Text' }],
    },
  };
  const parted = aPlan({
    parts: [digestOf(part.spec)],
    effects: aPlan().spec.effects.map((one) =>
      one.index === 1
        ? { ...one, change: [{ path: '/data/app.yaml', lines: '@@ -1 +1 @@\n-old', format: 'Text', part: 1 }] }
        : one,
    ),
  });
  const withParts = (stored: unknown) => (request: { method: string; path: string }) =>
    request.path.endsWith('/actionplanparts/repair-web-1-part-1')
      ? stored && ok(stored)
      : cluster(undefined, anAction(parted), parted)(request);
  const approves = ['approve', 'repair-web', '--yes', '--plan', digestOf(parted.spec)];

  it('shows what is in parts of the plan', async () => {
    const ran = await runAgainst(withParts(part) as Parameters<typeof runAgainst>[0], approves);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /\+ only in the part/);
  });
  const faulty: readonly [string, unknown, RegExp][] = [
    ['a part of the plan is gone', undefined, /'repair-web-1-part-1', which holds a part of the plan, is gone/],
    ['a part of the plan was altered', { ...part, spec: { ...part.spec, changes: [] } }, /'repair-web-1-part-1' was altered/],
  ];
  for (const [name, stored, expected] of faulty)
    it(`is refused when ${name}`, async () => {
      const ran = await runAgainst(withParts(stored) as Parameters<typeof runAgainst>[0], approves);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
      assert.deepEqual(bodies(ran.requests), []);
    });

  it('is refused when it is too late', async () => {
    const ran = await runAgainst(cluster(undefined, anAction(plan, 'Running')), [
      'approve',
      'repair-web',
      '--yes',
      '--plan',
      digest,
    ]);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /there is nothing to decide/);
  });

  it('is told as refused, without the words of the machinery, when the API server says no', async () => {
    const no = refusal(
      403,
      'Forbidden',
      'admission webhook "actions.sentinel.dev" denied the request: sentinel: you asked\u001b[2K for this action',
    );
    const ran = await runAgainst(cluster([no]), ['approve', 'repair-web', '--yes', '--plan', digest]);
    assert.equal(ran.code, 3);
    assert.equal(ran.error, 'error: refused: you asked\\u001b[2K for this action [RequestRefused]\n');
    assert.doesNotMatch(ran.out, /approved/);
  });

  it('is not told as done when nothing sealed it', async () => {
    const lying = { ...action, metadata: { ...action.metadata, annotations: { [annotations.decision]: 'approve' } } };
    const ran = await runAgainst(cluster([ok(lying)]), ['approve', 'repair-web', '--yes', '--plan', digest]);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /has no effect/);
  });

  const conflict = refusal(409, 'Conflict', 'the object has been modified');
  it('is sent again after a conflict when what was shown still stands', async () => {
    const ran = await runAgainst(cluster([conflict, ok(sealed)]), ['approve', 'repair-web', '--yes', '--plan', digest]);
    assert.equal(ran.code, 0, ran.error);
    assert.equal(bodies(ran.requests).length, 2);
  });

  it('is not sent again when there is another plan after a conflict', async () => {
    const other = aPlan({ attempt: 2 });
    let conflicted = false;
    const ran = await runAgainst(
      (request) => {
        const answer = cluster([conflict], conflicted ? anAction(other) : action, conflicted ? other : plan)(request);
        conflicted ||= request.method === 'PATCH';
        return answer;
      },
      ['approve', 'repair-web', '--yes', '--plan', digest],
    );
    assert.equal(ran.code, 1);
    assert.match(ran.error, /changed while you were reading/);
    assert.equal(bodies(ran.requests).length, 1);
  });
});
