import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations, digestOf } from '@sentinel/crds';
import { type Answer, ok, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

const plan = aPlan();
const digest = digestOf(plan.spec);
const action = anAction(plan);
const sealed = { ...action, metadata: { ...action.metadata, annotations: { [annotations.approvals]: '{"sealed":true}' } } };

/** Serves the action and its plan, and seals what is asked. */
function cluster(shown: unknown = action, planned: unknown = plan) {
  return ({ method, path }: { method: string; path: string }): Answer => {
    if (method === 'PATCH') return ok(sealed);
    if (path.includes('/actionplans/')) return ok(planned);
    return path.endsWith('/agentactions/repair-web') ? ok(shown) : undefined;
  };
}
const bodies = (requests: readonly { method: string; body?: unknown }[]) =>
  requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(String(body)) as unknown);

describe('A request for changes', () => {
  it('asks for changes with what to change, without naming the plan that was seen', async () => {
    const ran = await runAgainst(cluster(), ['request-changes', 'repair-web', '--comment', 'use 1.2.5', '--yes']);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /agentaction\.sentinel\.dev\/repair-web changes requested\n$/);
    const [body] = bodies(ran.requests) as { metadata: { annotations: Record<string, string> } }[];
    assert.deepEqual(body?.metadata.annotations, {
      'sentinel.dev/decision': 'request-changes',
      'sentinel.dev/plan': digest,
      'sentinel.dev/comment': 'use 1.2.5',
    });
    const asked = await runAgainst(cluster(), ['request-changes', 'repair-web', '--comment', 'x'], 'n\n');
    assert.match(asked.error, /request changes of this plan\? \[y\/N\]/);
  });

  it('holds an approval of somebody else, who is told so', async () => {
    const record = (user: string, decision: string, comment?: string) =>
      JSON.stringify({
        ...{ action: 'uid-1', plan: digest, user, uid: '', groups: [], extra: {}, decision, time: '2026-03-02T10:20:00Z' },
        ...(comment === undefined ? {} : { comment }),
        ...{ key: 'k', seal: 's' },
      });
    const approving = async (...records: string[]) => {
      const after = { ...action, metadata: { ...action.metadata, annotations: { [annotations.approvals]: records.join('\n') } } };
      const serve = ({ method, path }: { method: string; path: string }): Answer =>
        method === 'PATCH' ? ok(after) : cluster()({ method, path });
      return (await runAgainst(serve, ['approve', 'repair-web', '--yes', '--plan', digest])).out.trimEnd().split('\n').at(-1);
    };
    const asked = record('bea', 'request-changes', 'use\u001b 1.2.5');
    const told = 'approval recorded: nothing starts while changes are requested (by bea: use\\u001b 1.2.5)';
    assert.equal(await approving(asked, record('ada', 'approve')), `agentaction.sentinel.dev/repair-web ${told}`);
    for (const records of [
      [asked, record('bea', 'approve')],
      [asked, record('bea', 'revoke'), record('ada', 'approve')],
    ])
      assert.equal(await approving(...records), 'agentaction.sentinel.dev/repair-web approved');
  });

  it('shows the difference to the plan before the last edit', async () => {
    const [first, ...others] = plan.spec.effects;
    const before = aPlan({
      risk: { ...plan.spec.risk, level: 'Medium' },
      effects: [
        {
          ...first,
          changeDigest: digestOf('before'),
          change: [{ path: '/spec/replicas', before: '1', after: '9' }],
        } as typeof first & object,
        ...others.slice(0, -1),
      ],
    });
    const old = { ...before, metadata: { ...before.metadata, name: 'repair-web-0' } };
    const shown = { ...action, status: { ...action.status, previousPlan: { name: 'repair-web-0', digest: digestOf(old.spec) } } };
    const show = (stored: unknown) =>
      runAgainst(
        (request) => {
          if (request.path.endsWith('/actionplans/repair-web-0')) return stored === undefined ? undefined : ok(stored);
          return cluster(shown)(request);
        },
        ['plan', 'repair-web'],
      );
    const ran = await show(old);
    assert.match(
      ran.out,
      new RegExp(`DIFFERENCE  \\(to the plan before, ${digestOf(old.spec)}\\)\n  risk: Critical instead of Medium\n`),
    );
    assert.match(ran.out, /\n {2}\+ 5\. create ConfigMap shop\/web-flags\n {2}~ 1\. patch Deployment\.apps shop\/web\n/);
    assert.match(ran.out, /\n {6}\/spec\/replicas: not changed any more\n/);
    assert.match(ran.out, /containers\/0\/image: "registry\.acme\.io\/web:1\.2\.4" {3}\(not changed before\)\n/);
    assert.match(ran.out, /\n {2}3 effects are the same\n/);
    for (const stored of [undefined, { ...old, spec: { ...old.spec, account: 'x' } }])
      assert.match((await show(stored)).out, /DIFFERENCE.*\n {2}that plan is gone, or was altered/);
  });
});

describe('A decision for which policy requires a reason', () => {
  const reasons = { comment: true, tickets: ['OPS-[0-9]+'] };
  const asking = aPlan({ required: { ...plan.spec.required, reasons } });
  const toApprove = ['approve', 'repair-web', '--yes', '--plan', digestOf(asking.spec)];
  const unsaid: readonly [string, string[], RegExp][] = [
    ['a comment', [], /the decision has no comment \(policy requires it.*--comment 'WHY'.*\[CommentRequired\]/],
    ['a ticket', ['--comment', 'fine'], /no ticket that matches 'OPS-\[0-9\]\+'.*'TICKET: WHY'.*\[TicketRequired\]/],
  ];
  for (const [what, more, expected] of unsaid)
    it(`is refused without ${what} that policy requires, with code and remedy`, async () => {
      const ran = await runAgainst(cluster(anAction(asking), asking), [...toApprove, ...more]);
      assert.equal(ran.code, 3);
      assert.match(ran.error, expected);
      assert.deepEqual(bodies(ran.requests), []);
    });

  it('is sent with the ticket that policy requires, and the plan says that it does', async () => {
    const ran = await runAgainst(cluster(anAction(asking), asking), [...toApprove, '--comment', 'see OPS-7.']);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /APPROVALS.*\n {2}each with a comment that names a ticket: OPS-\[0-9\]\+/);
  });
});
