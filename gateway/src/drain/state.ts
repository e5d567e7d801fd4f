import { TryAgain } from '../request/refused.ts';

/**
 * What a replica accepts. `Serving`: everything. `Draining`: requests of runs that it serves already. `Closing`: no new requests; requests in
 * progress are finished. `Ended`: no requests are in progress any more, or the time is up.
 */
export type Phase = 'Serving' | 'Draining' | 'Closing' | 'Ended';

/** This replica accepts no more requests. Nothing was done, so the same request can be sent again, and reaches another replica. */
export class ShuttingDown extends TryAgain {
  constructor() {
    super('GatewayShuttingDown', 'this replica of the gateway is shutting down; send the request again');
  }
}

/** The shutdown phase of this replica, and its number of requests in progress. */
export class DrainState {
  #phase: Phase = 'Serving';
  #requests = 0;

  get phase(): Phase {
    return this.#phase;
  }

  /** The requests that are not answered yet. */
  get requests(): number {
    return this.#requests;
  }

  moveTo(phase: Phase): void {
    this.#phase = phase;
  }

  /** Counts a request; returns the function to call at its end. Throws ShuttingDown if no request is accepted any more. */
  enter(): () => void {
    this.requireOpen();
    this.#requests += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#requests -= 1;
      isOpen = false;
    };
  }

  /** Throws ShuttingDown if a run that this replica does not serve yet must use another one. */
  requireServing(): void {
    if (this.#phase !== 'Serving') throw new ShuttingDown();
  }

  /** Throws ShuttingDown if no new work may begin, because it might not finish. */
  requireOpen(): void {
    if (this.#phase === 'Closing' || this.#phase === 'Ended') throw new ShuttingDown();
  }
}
