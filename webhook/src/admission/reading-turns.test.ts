import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { PAUSE, ReadingTurns } from './reading-turns.ts';
import type { AdmissionRequest } from './review.ts';

const long = (text: string) => ({ steps: [{ name: 'a', command: ['sh', '-c', text.repeat(5_000)] }] });
const request = (namespace: string, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  uid: 'r',
  resource: { group: 'sentinel.dev', resource: 'agentactions' },
  operation: 'CREATE',
  namespace,
  name: 'x',
  userInfo: { username: 'agent', uid: '', groups: [], extra: {} },
  object: { metadata: {}, spec: long('a;') },
  ...more,
});
const update = (spec: object, before: object) =>
  request('noisy', { operation: 'UPDATE', object: { metadata: {}, spec }, oldObject: { metadata: {}, spec: before } });

/** Turns by a clock of the test, in which each work takes a second until it is let go. */
function turnsOf({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const turns = new ReadingTurns(() => now);
  const begun: string[] = [];
  const open: (() => void)[] = [];
  const ask = (asked: AdmissionRequest, name: string, address = 'api-server', waitMs?: number) =>
    turns.run(
      asked,
      address,
      async () => {
        begun.push(name);
        await new Promise<void>((resolve) => open.push(resolve));
      },
      waitMs,
    );
  const pass = async (ms: number) => {
    now += ms;
    mock.timers.tick(ms);
    await setImmediate();
    await setImmediate();
  };
  const end = async () => {
    now += 1_000;
    open.shift()?.();
    await setImmediate();
  };
  return { begun, ask, pass, end };
}

describe('Long texts of a request', () => {
  it('are read one at a time, first those of a namespace that had no turn', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const all = [ask(request('noisy'), 'n1'), ask(request('noisy'), 'n2'), ask(request('quiet'), 'q')];
    await setImmediate();
    assert.deepEqual(begun, ['n1']);
    for (const expected of [
      ['n1', 'q'],
      ['n1', 'q', 'n2'],
    ]) {
      await end();
      await pass(PAUSE * 1_000);
      assert.deepEqual(begun, expected);
    }
    await end();
    await Promise.all(all);
  });

  it('leave the thread to others for longer than they took', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const all = [ask(request('noisy'), 'n1'), ask(request('noisy'), 'n2')];
    await setImmediate();
    await end();
    await pass(PAUSE * 1_000 - 1);
    assert.deepEqual(begun, ['n1']);
    await pass(1);
    assert.deepEqual(begun, ['n1', 'n2']);
    await end();
    await Promise.all(all);
  });

  it('are refused for now where the API server would go on without an answer, and take nothing from those behind them', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const first = ask(request('noisy'), 'n1');
    const late = assert.rejects(ask(request('noisy'), 'n2', 'api-server', 3_000), { name: 'TooManyRequests' });
    const behind = ask(request('quiet'), 'q');
    await setImmediate();
    await pass(3_000);
    await late;
    // It holds its place until its turn has passed, so that nobody gets more places by being refused.
    await assert.rejects(ask(request('noisy'), 'n3'), { name: 'TooManyRequests' });
    await end();
    await pass(PAUSE * 4_000);
    await setImmediate();
    assert.deepEqual(begun, ['n1', 'q']);
    await end();
    await pass(PAUSE * 1_000);
    const last = ask(request('noisy'), 'n4');
    await setImmediate();
    assert.deepEqual(begun, ['n1', 'q', 'n4']);
    await end();
    await Promise.all([first, behind, last]);
  });

  it('are refused for now when too many of the namespace wait, and not when those of another do', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const waiting = ['n1', 'n2'].map((name) => ask(request('noisy'), name));
    await assert.rejects(ask(request('noisy'), 'n3'), /namespace 'noisy' .* try again/);
    const quiet = ask(request('quiet'), 'q');
    for (let at = 0; at < 3; at++) {
      await setImmediate();
      await end();
      await pass(PAUSE * 1_000);
    }
    await Promise.all([...waiting, quiet]);
    assert.deepEqual(begun.sort(), ['n1', 'n2', 'q']);
  });

  it('of another address hold up none of the API server, however many they are', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const forged = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((namespace) => ask(request(namespace), namespace, 'pod'));
    await assert.rejects(ask(request('h'), 'h', 'pod'), /try again/);
    const real = ask(request('a'), 'real');
    for (let at = 0; at < 8; at++) {
      await setImmediate();
      await end();
      await pass(PAUSE * 1_000);
    }
    await Promise.all([...forged, real]);
    assert.ok(begun.includes('real'));
  });

  it('of one namespace find a place although many others hold all of them: one that had more turns leaves its own', async (t) => {
    const { begun, ask, pass, end } = turnsOf(t);
    const outcomes: Promise<string>[] = [];
    let open = 0;
    const askFor = (namespace: string) => {
      open += 1;
      const outcome = ask(request(namespace), namespace).then(
        () => 'read',
        ({ name }: Error) => name,
      );
      outcomes.push(outcome.finally(() => (open -= 1)));
      return outcome;
    };
    const askAll = () => Array.from({ length: 40 }, (_, at) => askFor(`noisy-${at}`));
    const next = async () => {
      await end();
      await pass(PAUSE * 1_000);
    };
    askAll();
    await setImmediate();
    // Each of them has had its turn then.
    for (let round = 0; round < 45; round++) {
      await next();
      askAll();
    }
    await setImmediate();
    const before = begun.length;
    const quiet = askFor('quiet');
    await next();
    assert.equal(begun[before], 'quiet');
    while (open > 0) await next();
    assert.equal(await quiet, 'read');
    assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(['read', 'TooManyRequests']));
  });

  const free: readonly [what: string, request: AdmissionRequest][] = [
    ['short ones', request('noisy', { object: { metadata: {}, spec: { intent: { summary: 'short' } } } })],
    ['a decision', update(long('a;'), long('a;'))],
    ['a cancellation', update({ ...long('a;'), cancelled: true }, { ...long('a;'), cancelled: false })],
    ['the kill switch', update({ ...long('a;'), suspended: true }, long('a;'))],
    ['a deletion', request('noisy', { operation: 'DELETE', object: undefined, oldObject: { metadata: {}, spec: long('a;') } })],
  ];
  for (const [what, asked] of free)
    it(`hold up no other request of the namespace: ${what}`, async (t) => {
      const { begun, ask, end } = turnsOf(t);
      const all = [ask(request('noisy'), 'n1'), ask(asked, 'free')];
      await setImmediate();
      assert.deepEqual(begun.sort(), ['free', 'n1']);
      await end();
      await end();
      await Promise.all(all);
    });
});
