import { TryAgain } from '../request/refused.ts';

/**
 * What a replica takes on. `Serving`: everything. `Draining`: what it has begun, which is every run that it serves already. `Closing`:
 * nothing more; what is under way is finished. `Ended`: nothing is under way any more, or its time is up.
 */
export type Phase = 'Serving' | 'Draining' | 'Closing' | 'Ended';

/** This replica takes nothing more on. Nothing was done, so the same request can be sent again, and reaches another replica. */
export class ShuttingDown extends TryAgain {
  constructor() {
    super('GatewayShuttingDown', 'this replica of the gateway is shutting down; send the request again');
  }
}

/** How far the end of this replica has come, and how many requests it has under way. */
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

  /** Counts a request; answers with what ends it. Throws ShuttingDown where none is taken any more. */
  enter(): () => void {
    this.requireOpen();
    this.#requests += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#requests -= 1;
      isOpen = false;
    };
  }

  /** Throws ShuttingDown where a run that this replica does not serve yet must go to another one. */
  requireServing(): void {
    if (this.#phase !== 'Serving') throw new ShuttingDown();
  }

  /** Throws ShuttingDown where nothing new may be begun: its end might not be seen. */
  requireOpen(): void {
    if (this.#phase === 'Closing' || this.#phase === 'Ended') throw new ShuttingDown();
  }
}
