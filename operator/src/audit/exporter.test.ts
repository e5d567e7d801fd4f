import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { AgentAction, AuditRecord, State } from '@sentinel/crds';
import { type EventInput, type EventOutcome, LeadershipLostError, silentLogger } from '@sentinel/kube';
import { Exporter } from './exporter.ts';

const record = (sequence: number, transition = 'Filed'): AuditRecord =>
  ({
    sequence,
    transition,
    time: '2026-01-01T12:00:00Z',
    actor: 'ada',
    summary: `record ${sequence}`,
    previous: '',
    hash: `sha256:${sequence}`,
  }) as AuditRecord;

interface Stored {
  readonly name?: string;
  readonly uid?: string;
  readonly records?: readonly AuditRecord[];
  readonly exported?: number;
  readonly sink?: { id: string; since: number; acknowledged: number };
  readonly state?: State;
  readonly finishedAt?: string;
}

function action({ name = 'a', uid = 'u', records = [], exported = 0, sink, state = 'Running', finishedAt }: Stored): AgentAction {
  return {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name, namespace: 'ns', uid },
    spec: { intent: { summary: 's' } },
    status: {
      conditions: [
        { type: 'Succeeded', status: 'Unknown', reason: state, message: '', lastTransitionTime: '2026-01-01T12:00:00Z' },
      ],
      outbox: { sequence: records.at(-1)?.sequence ?? 0, head: '', exported, records, ...(sink ? { sink } : {}) },
      ...(finishedAt ? { finishedAt } : {}),
    },
  } as unknown as AgentAction;
}

/** An exporter whose sink and Events answer as they are told, and what reached them. */
function world(of: { withoutSink?: boolean } = {}) {
  const actions = new Map<string, AgentAction>();
  const sent: string[] = [];
  const events: EventInput[] = [];
  const acknowledged: string[] = [];
  const answers: { records: (signal: AbortSignal) => Promise<void>; spans: () => Promise<void>; event: EventOutcome } = {
    records: async () => undefined,
    spans: async () => undefined,
    event: { ok: true, created: true },
  };
  const sink = {
    id: 'sink',
    sendRecords: async ({ name }: { name: string }, records: readonly AuditRecord[], signal: AbortSignal) => {
      sent.push(`${name} ${records.map(({ sequence }) => sequence).join(',')}`);
      await answers.records(signal);
    },
    sendSpans: async () => {
      sent.push('spans');
      await answers.spans();
    },
  };
  const exporter = new Exporter({
    sink: of.withoutSink ? undefined : (sink as never),
    events: { record: async (input: EventInput) => events.push(input) && answers.event } as never,
    logger: silentLogger,
    read: (key) => actions.get(key),
    onAcknowledged: (key) => acknowledged.push(key),
  });
  const stop = new AbortController();
  const running = exporter.start(stop.signal);
  return {
    exporter,
    sent,
    events,
    acknowledged,
    answers,
    /** Stores an action and passes on the change, until all that follows at once has been done. */
    store: async (one: AgentAction) => {
      actions.set(`ns/${one.metadata.name}`, one);
      exporter.enqueue(`ns/${one.metadata.name}`);
      await settle();
    },
    stop: async (reason?: Error) => {
      stop.abort(reason);
      await running;
    },
  };
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('The exporter of the audit trail', () => {
  it('sends what the sink does not have, in one batch, and writes an Event for each record', async () => {
    const { exporter, sent, events, store, stop } = world();
    const one = action({ records: [record(3), record(4)], exported: 2, sink: { id: 'sink', since: 1, acknowledged: 2 } });
    await store(one);
    assert.deepEqual(sent, ['a 3,4']);
    assert.deepEqual(
      events.map(({ note }) => note.slice(0, 8)),
      ['record 3', 'record 4'],
    );
    assert.deepEqual([exporter.acknowledged(one), exporter.sink(one)], [4, { id: 'sink', since: 1, acknowledged: 4 }]);
    await stop();
  });

  it('sends nothing twice while it knows what was acknowledged', async () => {
    const { sent, events, store, stop } = world();
    await store(action({ records: [record(1)] }));
    await store(action({ records: [record(1)] }));
    await store(action({ records: [record(1), record(2)] }));
    assert.deepEqual(sent, ['a 1', 'a 2']);
    assert.equal(events.length, 2);
    await stop();
  });

  it('takes nothing for acknowledged that the sink refused, and sends it again after a while, with what came meanwhile', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { exporter, sent, events, answers, store, stop } = world();
    answers.records = () => Promise.reject(new Error('full'));
    const one = action({ records: [record(1)] });
    await store(one);
    assert.deepEqual([sent, exporter.acknowledged(one), exporter.sink(one)?.acknowledged], [['a 1'], 0, 0]);
    mock.timers.tick(199);
    await settle();
    assert.equal(sent.length, 1);
    mock.timers.tick(1);
    await settle();
    assert.deepEqual(sent, ['a 1', 'a 1']);
    answers.records = async () => undefined;
    const more = action({ records: [record(1), record(2)] });
    await store(more);
    assert.deepEqual([sent.at(-1), exporter.acknowledged(more)], ['a 1,2', 2]);
    assert.equal(events.length, 2);
    await stop();
    mock.timers.reset();
  });

  it('is not held up by an action whose records are refused', async () => {
    const { sent, answers, store, stop } = world();
    answers.records = () => Promise.reject(new Error('full'));
    await store(action({ name: 'a', records: [record(1)] }));
    answers.records = async () => undefined;
    await store(action({ name: 'b', records: [record(1)] }));
    assert.deepEqual(sent, ['a 1', 'b 1']);
    await stop();
  });

  it('sends the records of an action that was created again under the same name', async () => {
    const { exporter, sent, store, stop } = world();
    await store(action({ uid: 'old', records: [record(1), record(2)] }));
    const recreated = action({ uid: 'new', records: [record(1)] });
    assert.deepEqual([exporter.acknowledged(recreated), exporter.sink(recreated)?.acknowledged], [0, 0]);
    await store(recreated);
    assert.deepEqual(sent, ['a 1,2', 'a 1']);
    await stop();
  });

  it('sends a new sink all records, whatever another sink has acknowledged', async () => {
    const { exporter, sent, store, stop } = world();
    const one = action({ records: [record(5), record(6)], exported: 6, sink: { id: 'other', since: 1, acknowledged: 6 } });
    assert.deepEqual(exporter.sink(one), { id: 'sink', since: 5, acknowledged: 0 });
    await store(one);
    assert.deepEqual(sent, ['a 5,6']);
    assert.deepEqual(exporter.sink(one), { id: 'sink', since: 5, acknowledged: 6 });
    await stop();
  });

  it('is not stopped by an Event that cannot be written', async () => {
    const { exporter, sent, events, answers, store, stop } = world();
    answers.event = { ok: false, error: new Error('forbidden') };
    const one = action({ records: [record(1), record(2)] });
    await store(one);
    assert.deepEqual([sent, events.length, exporter.acknowledged(one)], [['a 1,2'], 2, 2]);
    await stop();
  });

  it('warns in an Event of what did not go well and of what only a person can carry on', async () => {
    const { events, store, stop } = world();
    await store(action({ records: [record(1), record(2, 'OutcomeUnknown')] }));
    await store(action({ name: 'b', records: [record(1, 'Ended')], state: 'Blocked' }));
    await store(action({ name: 'c', records: [record(1, 'Ended')], state: 'Succeeded' }));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['Normal', 'Warning', 'Warning', 'Normal'],
    );
    assert.equal(new Set(events.map(({ name }) => name)).size, 4);
    await stop();
  });

  it('sends the spans of an action that has ended once, also when they fail at first, and its records no second time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { sent, answers, store, stop } = world();
    answers.spans = () => Promise.reject(new Error('full'));
    await store(action({ records: [record(1)] }));
    assert.deepEqual(sent, ['a 1']);
    const ended = action({ records: [record(1), record(2, 'Ended')], state: 'Succeeded', finishedAt: '2026-01-01T12:00:00Z' });
    await store(ended);
    answers.spans = async () => undefined;
    mock.timers.tick(200);
    await settle();
    await store(ended);
    assert.deepEqual(sent, ['a 1', 'a 2', 'spans', 'spans']);
    await stop();
    mock.timers.reset();
  });

  it('has the cursor stored at once if nothing else would store it: at the end, and when an action waits for the sink', async () => {
    const { acknowledged, store, stop } = world();
    await store(action({ name: 'runs', records: [record(1)] }));
    await store(action({ name: 'starts', records: [record(1)], state: 'Starting' }));
    await store(action({ name: 'ended', records: [record(1)], state: 'Blocked', finishedAt: '2026-01-01T12:00:00Z' }));
    const sink = { id: 'sink', since: 1, acknowledged: 1 };
    await store(action({ name: 'stored', records: [record(1)], exported: 1, sink, finishedAt: '2026-01-01T12:00:00Z' }));
    assert.deepEqual(acknowledged, ['ns/starts', 'ns/ended']);
    await stop();
  });

  it('without a sink says nothing of one, and lets records make room when their Events were tried', async () => {
    const { exporter, sent, events, store, stop } = world({ withoutSink: true });
    const one = action({ records: [record(1), record(2)], exported: 1 });
    await store(one);
    assert.deepEqual([sent, events.length, exporter.acknowledged(one), exporter.sink(one)], [[], 1, 2, undefined]);
    await stop();
  });

  it('does nothing for an action that is gone, and forgets what it is told to forget', async () => {
    const { exporter, sent, store, stop } = world();
    exporter.enqueue('ns/gone');
    const one = action({ records: [record(1)] });
    await store(one);
    exporter.forget('ns/a');
    assert.equal(exporter.acknowledged(one), 0);
    assert.deepEqual(sent, ['a 1']);
    await stop();
  });

  it('finishes what is under way when it is told to end', async () => {
    const { exporter, answers, store, stop } = world();
    const under = Promise.withResolvers<void>();
    let seen: AbortSignal | undefined;
    answers.records = (signal) => {
      seen = signal;
      return under.promise;
    };
    const one = action({ records: [record(1)] });
    await store(one);
    const stopped = stop(new Error('shutting down'));
    assert.equal(seen?.aborted, false);
    under.resolve();
    await stopped;
    assert.equal(exporter.acknowledged(one), 1);
  });

  it('breaks off what is under way when another process leads', async () => {
    const { exporter, answers, store, stop } = world();
    answers.records = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const one = action({ records: [record(1)] });
    await store(one);
    await stop(new LeadershipLostError());
    assert.equal(exporter.acknowledged(one), 0);
  });
});
