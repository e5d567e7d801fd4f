import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, LeadershipLostError, TerminalError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import { reconcileConflicts, reconcileErrors, reconcilePanics, terminalReconcileErrors } from '../metrics.ts';
import { until } from '../testing.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import { WorkQueue } from './workqueue.ts';

let controllers = 0;

async function withController(
  reconcile: ControllerOptions['reconcile'],
  check: (controller: Controller, lines: string[]) => Promise<void>,
  options: Partial<ControllerOptions> = {},
) {
  const lines: string[] = [];
  const queue = new WorkQueue<string>({ limiter: { baseMs: 1, maxMs: 5 } });
  const logger = createLogger({ write: (line) => lines.push(line) });
  const controller = new Controller({ name: `test-${++controllers}`, reconcile, queue, logger, ...options });
  const stop = new AbortController();
  const running = controller.start(stop.signal);
  try {
    await check(controller, lines);
  } finally {
    stop.abort();
    await running;
  }
}

async function countOf(counter: typeof reconcileErrors, controller: string): Promise<number | undefined> {
  return (await counter.get()).values.find(({ labels }) => labels.controller === controller)?.value;
}

test('two workers never meet on one key, and a change during work is worked on afterwards', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const reconcile = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    runs++;
  };
  const check = async (controller: Controller) => {
    controller.enqueue('a');
    await until(() => running === 1);
    controller.enqueue('a');
    controller.enqueue('a');
    await until(() => runs === 2);
    assert.equal(most, 1);
  };
  await withController(reconcile, check, { concurrency: 4 });
});

test('an error is logged once, counted, and tried again until it passes', async () => {
  let runs = 0;
  const reconcile = async () => {
    if (++runs < 3) throw new Error('not yet');
  };
  await withController(reconcile, async (controller, lines) => {
    assert.equal(await countOf(reconcileErrors, controller.name), 0);
    controller.enqueue('a');
    await until(() => runs === 3);
    assert.equal(await countOf(reconcileErrors, controller.name), 2);
    assert.equal(lines.length, 2);
    assert.equal(controller.queue.retries('a'), 0);
  });
});

test('a TerminalError is not tried again', async () => {
  let runs = 0;
  const reconcile = async () => {
    runs++;
    throw new TerminalError('never');
  };
  await withController(reconcile, async (controller) => {
    controller.enqueue('a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(runs, 1);
    assert.equal(await countOf(terminalReconcileErrors, controller.name), 1);
  });
});

test('a conflict is tried again soon, counted apart and is no error', async () => {
  let runs = 0;
  const reconcile = async () => {
    if (++runs === 1) throw new ApiError({ status: 409, reason: 'Conflict', message: 'moved on' });
  };
  await withController(reconcile, async (controller, lines) => {
    controller.enqueue('a');
    await until(() => runs === 2);
    assert.equal(await countOf(reconcileConflicts, controller.name), 1);
    assert.equal(await countOf(reconcileErrors, controller.name), 0);
    assert.deepEqual(lines, []);
  });
});

test('whatever is thrown, in whatever way, the controller goes on', async () => {
  const reconcile = (key: string): Promise<void> => {
    if (key === 'sync') throw new TypeError('a bug');
    return key === 'string' ? Promise.reject('text') : Promise.resolve();
  };
  const seen: string[] = [];
  const watched = async (key: string) => {
    seen.push(key);
    await reconcile(key);
  };
  await withController(watched, async (controller) => {
    for (const key of ['sync', 'string', 'good']) controller.enqueue(key);
    await until(() => seen.includes('good'));
    assert.ok(((await countOf(reconcilePanics, controller.name)) ?? 0) >= 2);
  });
});

test('requeueAfterMs brings the key back', async () => {
  let runs = 0;
  const reconcile = async () => (++runs === 1 ? { requeueAfterMs: 5 } : undefined);
  await withController(reconcile, async (controller) => {
    controller.enqueue('a');
    await until(() => runs === 2);
  });
});

test('at the timeout the signal aborts, and the key is tried again', async () => {
  let runs = 0;
  const reconcile = async (_key: string, signal: AbortSignal) => {
    if (++runs > 1) return;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const check = async (controller: Controller) => {
    controller.enqueue('a');
    await until(() => runs === 2);
  };
  await withController(reconcile, check, { timeoutMs: 10 });
});

for (const { reason, aborted } of [
  { reason: new Error('stop'), aborted: false },
  { reason: new LeadershipLostError(), aborted: true },
]) {
  test(`start settles after the running reconcile, which is ${aborted ? 'broken off' : 'let finish'} on ${reason.name}`, async () => {
    let started = false;
    let wasAborted: boolean | undefined;
    const reconcile = async (_key: string, signal: AbortSignal) => {
      started = true;
      await new Promise((resolve) => setTimeout(resolve, 20));
      wasAborted = signal.aborted;
    };
    const controller = new Controller({ name: `test-${++controllers}`, reconcile });
    const stop = new AbortController();
    controller.enqueue('a');
    const running = controller.start(stop.signal);
    await until(() => started);
    stop.abort(reason);
    await running;
    assert.equal(wasAborted, aborted);
  });
}
