import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainState, Phase } from './state.ts';

/** The durations of a shutdown, in milliseconds. The grace period of its pod (charts/sentinel/templates/gateway.yaml) is longer than all of it. */
export interface DrainTiming {
  /** Until no new connections arrive, because endpoints are updated a moment after the signal. */
  readonly settle: number;
  /** Since the signal, as long as there are requests in progress or rehearsals that are recorded. */
  readonly serve: number;
  /** After that, for requests in progress: a request to the API server may take 30 seconds. */
  readonly finish: number;
}

export const DRAIN: DrainTiming = { settle: 4_000, serve: 45_000, finish: 35_000 };
const POLL_MS = 200;

/** The state of a drain; times in milliseconds. */
export interface DrainView {
  readonly sinceSignal: number;
  /** Undefined before the phase `Closing`. */
  readonly sinceClosing: number | undefined;
  readonly requests: number;
  /** Rehearsals that are recorded only in the memory of this replica. */
  readonly rehearsals: number;
}

/** The phase that a drain is in. */
export function phaseOf(view: DrainView, { settle, serve, finish }: DrainTiming = DRAIN): Phase {
  const { sinceSignal, sinceClosing, requests, rehearsals } = view;
  if (sinceClosing !== undefined) return requests === 0 || sinceClosing >= finish ? 'Ended' : 'Closing';
  if (sinceSignal < settle) return 'Draining';
  if (sinceSignal >= serve) return 'Closing';
  return requests === 0 && rehearsals === 0 ? 'Closing' : 'Draining';
}

export interface DrainWork {
  readonly state: DrainState;
  /** Stores the recordings of ended rehearsals in the ledger; returns how many are not stored yet. Never rejects. */
  readonly keepRecordings: () => Promise<number>;
  /** Stops accepting connections. */
  readonly stopListening: () => void;
}

/**
 * Shuts a replica down gracefully: it continues to serve existing runs, stores the recordings of rehearsals, then stops accepting requests and
 * finishes those in progress. Resolves when all of them have ended or the time is up.
 */
export async function drain({ state, keepRecordings, stopListening }: DrainWork, timing = DRAIN): Promise<void> {
  const signalAt = performance.now();
  let closingAt: number | undefined;
  let rehearsals = Number.POSITIVE_INFINITY;
  let isKeeping = false;
  // Runs in parallel with the timer: a slow API server must not make the phases longer.
  const keep = async () => {
    if (isKeeping) return;
    isKeeping = true;
    rehearsals = await keepRecordings().finally(() => {
      isKeeping = false;
    });
  };
  state.moveTo('Draining');
  while (state.phase !== 'Ended') {
    void keep();
    const now = performance.now();
    const sinceClosing = closingAt === undefined ? undefined : now - closingAt;
    const phase = phaseOf({ sinceSignal: now - signalAt, sinceClosing, requests: state.requests, rehearsals }, timing);
    state.moveTo(phase);
    if (phase === 'Closing' && closingAt === undefined) {
      closingAt = now;
      stopListening();
    } else if (phase !== 'Ended') {
      await sleep(POLL_MS);
    }
  }
}
