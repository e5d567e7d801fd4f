import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, chainRecord } from '@sentinel/crds';
import { ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

const waiting = anAction(aPlan());

/** The same action a little later, with one more record. */
function ended(state: string): AgentAction {
  const action = anAction(aPlan(), state);
  const outbox = action.status?.outbox ?? assert.fail();
  const entry = { time: '2026-03-02T10:20:00Z', action: 'uid-1', actor: 'x', transition: 'Ended', summary: `the end\r\u001b[1A` };
  const record = chainRecord(outbox.records[2], entry);
  return {
    ...action,
    metadata: { ...action.metadata, resourceVersion: '43' },
    status: { ...action.status, outbox: { ...outbox, sequence: 4, head: record.hash, records: [...outbox.records, record] } },
  };
}

/** Serves the waiting action, and one event of a watch. */
const serve = (event: unknown) => (request: { path: string; query?: unknown }) => {
  if (!request.path.endsWith('/agentactions')) return ok(waiting);
  const watching = (request.query as { watch?: unknown } | undefined)?.watch !== undefined;
  return ok(watching ? event : { metadata: { resourceVersion: '42' }, items: [waiting] });
};

describe('watch', () => {
  for (const [state, code] of [
    ['Succeeded', 0],
    ['NoEffect', 0],
    ['Blocked', 4],
    ['RolledBack', 4],
    ['Rejected', 3],
    ['Expired', 5],
  ] as const)
    it(`ends with ${code} when the action is ${state}, each record told once`, async () => {
      const ran = await runAgainst(serve({ type: 'MODIFIED', object: ended(state) }), ['watch', 'repair-web']);
      assert.equal(ran.code, code, ran.error);
      const lines = ran.out.trimEnd().split('\n');
      assert.equal(lines.filter((line) => line.includes('Admitted')).length, 1);
      assert.match(ran.out, /10:20:00 {2}Ended {16}the end\\u000d\\u001b\[1A/);
      assert.equal(lines.at(-1), `${state}: waits for people`);
      assert.match(ran.out, /to decide: kubectl sentinel plan repair-web -n shop/);
    });

  it('ends at once, without a watch, when the action is at its end', async () => {
    const ran = await runAgainst(() => ok(ended('Succeeded')), ['watch', 'repair-web']);
    assert.equal(ran.code, 0);
    assert.equal(ran.requests.length, 1);
  });

  it('ends with 1 when the action is deleted', async () => {
    const gone = { ...waiting, metadata: { ...waiting.metadata, resourceVersion: '43' } };
    const ran = await runAgainst(serve({ type: 'DELETED', object: gone }), ['watch', 'repair-web']);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /was deleted/);
  });

  it('ends with 3 when the watch is refused, instead of trying for ever', async () => {
    const ran = await runAgainst(
      (request) => (request.path.endsWith('/agentactions') ? refusal(403, 'Forbidden', 'no watch for you') : ok(waiting)),
      ['watch', 'repair-web'],
    );
    assert.equal(ran.code, 3);
    assert.match(ran.error, /forbidden: no watch for you/);
  });
});
