import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainState, Phase } from './state.ts';

/** How long a replica takes to end, in milliseconds. The grace period of its pod (charts/sentinel/templates/gateway.yaml) is longer than all of it. */
export interface DrainTiming {
  /** Until no client is sent here any more: endpoints change a moment after the signal. */
  readonly settle: number;
  /** From the signal on, as long as requests are under way or rehearsals are recorded. */
  readonly serve: number;
  /** From then on for what is under way: a request to the API server may take 30 seconds. */
  readonly finish: number;
}

export const DRAIN: DrainTiming = { settle: 4_000, serve: 45_000, finish: 35_000 };
const POLL_MS = 200;

/** Where a drain stands; times in milliseconds. */
export interface DrainView {
  readonly sinceSignal: number;
  /** Undefined before the phase `Closing`. */
  readonly sinceClosing: number | undefined;
  readonly requests: number;
  /** Rehearsals that are recorded in the memory of this replica alone. */
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
  /** Keeps the recordings of rehearsals that have ended in the ledger; answers with how many are not kept yet. Never rejects. */
  readonly keepRecordings: () => Promise<number>;
  /** Takes no connection any more. */
  readonly stopListening: () => void;
}

/**
 * Ends a replica without cutting anything off: it goes on serving what it has begun, keeps the recordings of rehearsals, then takes
 * nothing more on and finishes what is under way. Resolves when all of it has ended or its time is up.
 */
export async function drain({ state, keepRecordings, stopListening }: DrainWork, timing = DRAIN): Promise<void> {
  const signalAt = performance.now();
  let closingAt: number | undefined;
  let rehearsals = Number.POSITIVE_INFINITY;
  let isKeeping = false;
  // Beside the clock: a slow API server must not make the phases longer.
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
