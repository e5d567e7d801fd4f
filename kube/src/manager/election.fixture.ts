import { text } from 'node:stream/consumers';
import { afterEach } from 'node:test';
import type { Lease } from '../client/resources.ts';
import { type Answer, FakeClock, json, type ScriptedServer, scriptedServer, until } from '../testing.ts';
import { LeaderElector } from './leader-elector.ts';

export const [LEASE_MS, DEADLINE_MS, RETRY_MS] = [15_000, 10_000, 2_000];
/** Enough for the next try, with all that is added to it so that candidates do not ask together. */
export const NEXT_TRY_MS = RETRY_MS * 1.2;

const opened: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

/** One Lease, stored with the optimistic concurrency of the API server, and candidates that live by one clock. */
export async function world(stored?: Lease['spec']) {
  const clock = new FakeClock();
  let version = 0;
  const state: {
    lease?: Lease | undefined;
    fault?: ((method: string) => number | undefined) | undefined;
    silence?: Promise<void>;
  } = {};
  const store = (spec: Lease['spec'] | undefined) => {
    version += 1;
    const metadata = { name: 'lease', namespace: 'ns', resourceVersion: String(version) };
    state.lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, ...(spec ? { spec } : {}) };
  };
  if (stored) store(stored);
  const status = (code: number, reason = '') => json(code, { kind: 'Status', code, reason });
  const decide = (method: string, sent: Lease | undefined): Answer => {
    const fault = state.fault?.(method);
    if (fault !== undefined) return status(fault, 'Fault');
    if (method === 'GET') return state.lease ? json(200, state.lease) : status(404, 'NotFound');
    if (method === 'POST' && state.lease) return status(409, 'AlreadyExists');
    if (method === 'PUT' && sent?.metadata.resourceVersion !== state.lease?.metadata.resourceVersion)
      return status(409, 'Conflict');
    store(sent?.spec);
    return json(200, state.lease);
  };
  const handle: Answer = async (request, response) => {
    const body = await text(request);
    await state.silence;
    decide(request.method ?? '', body ? JSON.parse(body) : undefined)(request, response);
  };
  const server = await scriptedServer({ list: [handle], other: [handle] });
  opened.push(server);
  const candidate = (identity: string) => {
    const elector = new LeaderElector({
      client: server.client,
      namespace: 'ns',
      name: 'lease',
      identity,
      leaseDurationMs: LEASE_MS,
      renewDeadlineMs: DEADLINE_MS,
      retryPeriodMs: RETRY_MS,
      clock,
    });
    const [stop, ended] = [new AbortController(), Promise.withResolvers<void>()];
    const seen: { signal?: AbortSignal; lost: number } = { lost: 0 };
    const running = elector.run(
      {
        started: (signal) => {
          seen.signal = signal;
          return ended.promise;
        },
        lost: () => {
          seen.lost += 1;
        },
      },
      stop.signal,
    );
    running.catch(() => undefined);
    return { elector, stop, ended, seen, running, leads: () => seen.signal !== undefined };
  };
  const asked = (method: string) => server.requests.filter((one) => one.startsWith(method)).length;
  /** Moves time on, and waits until a request of this method has been made and answered. */
  const next = async (method: string) => {
    const before = asked(method);
    clock.advance(NEXT_TRY_MS);
    await until(() => asked(method) > before && clock.pending > 0, method);
  };
  return { clock, state, store, candidate, server, asked, next };
}

/** What a Lease says that somebody holds. */
export const heldBy = (holderIdentity: string, more: object = {}) => ({
  holderIdentity,
  leaseDurationSeconds: 15,
  leaseTransitions: 4,
  ...more,
});
