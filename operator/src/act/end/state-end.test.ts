import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verifyChain } from '@sentinel/crds';
import { copyOf } from '@sentinel/kube';
import { STATEMENT_DETAIL, UNSTATED_DETAIL } from '@sentinel/policy';
import { action, facts, NOW } from '../../decide/decide.fixture.ts';
import { record } from '../../status/record.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from './end.ts';
import { STATEMENT_WAIT_MS, stateEnd } from './state-end.ts';

const PLAN = { name: 'p', digest: `sha256:${'a'.repeat(64)}`, risk: 'Low' as const, effects: 1 };

function contextOf(answer: () => Promise<string>) {
  const asked: object[] = [];
  const gateway = {
    end: async (_: string, named: object) => {
      asked.push(named);
      return await answer();
    },
  };
  return { asked, context: { gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext };
}

/** A pass that brings an action to its end; `planned`: its plan is there. */
function ending(planned: boolean, now = NOW): Pass {
  const of = action('AwaitingApproval');
  const draft = { ...copyOf(of.status ?? {}), plan: PLAN };
  const pass: Pass = { facts: facts(of), action: of, draft, now, afterwards: [] };
  if (!planned) delete pass.draft.plan;
  record(pass.draft, of, { transition: 'Decided', actor: 'ada', summary: 's' }, now);
  end(pass, 'Rejected', 'somebody rejected it');
  return pass;
}

const detailsOf = ({ draft }: Pass) => {
  const { records = [], sequence = 0, head = '' } = draft.outbox ?? {};
  assert.deepEqual(verifyChain(records, { sequence, hash: head }), []);
  return Object.fromEntries((records.at(-1)?.details ?? []).map(({ name, value }) => [name, value]));
};
const failing = async () => await Promise.reject(new Error('it is down'));

describe('The end of an action', () => {
  it('carries what the gateway states of its run, in the record of the end', async () => {
    const { context, asked } = contextOf(async () => 'signed');
    const pass = ending(true);
    await stateEnd(context, pass);
    assert.equal(detailsOf(pass)[STATEMENT_DETAIL], 'signed');
    assert.deepEqual(asked, [{ namespace: pass.action.metadata.namespace, name: pass.action.metadata.name }]);
  });

  it('asks nobody if there was no plan, or where the action goes on or has ended before', async () => {
    const { context, asked } = contextOf(async () => 'signed');
    await stateEnd(context, ending(false));
    const waits = ending(true);
    await stateEnd(context, { ...waits, draft: copyOf(waits.action.status ?? {}) });
    const before = ending(true);
    await stateEnd(context, { ...before, action: { ...before.action, status: before.draft } });
    assert.deepEqual(asked, []);
  });

  it('waits for a gateway that does not answer, and then says that it has no statement', async () => {
    const { context } = contextOf(failing);
    for (const later of [0, STATEMENT_WAIT_MS - 1])
      await assert.rejects(stateEnd(context, ending(true, NOW + later)), /it is down/);
    const pass = ending(true, NOW + STATEMENT_WAIT_MS);
    await stateEnd(context, pass);
    assert.equal(detailsOf(pass)[UNSTATED_DETAIL], 'the gateway made none: it is down');
    await assert.rejects(stateEnd(context, ending(true, NOW + STATEMENT_WAIT_MS)), /it is down/, 'the next end does not wait');
  });
});

describe('A record without room', () => {
  it('keeps its statement whole: a part of it proves nothing', () => {
    const pass = ending(true);
    const statement = 's'.repeat(1024);
    const details = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`d${at}`, 'x'.repeat(1024)]));
    for (let index = 0; index < 60; index++)
      record(pass.draft, pass.action, { transition: 'RunEnded', actor: 'a', summary: 's'.repeat(1024), statement, details }, NOW);
    const told = detailsOf(pass);
    assert.equal(told['sentinel.record.shortened'], 'true');
    assert.equal(told[STATEMENT_DETAIL], statement);
  });
});
