import type { Server } from 'node:net';

/** A limit of connections: returns the function that releases one, or undefined if none is available for this address. */
export interface ConnectionShare {
  tryTake(
    address: string,
    amount: number,
    more: { readonly part: { readonly key: string; readonly most: number } },
  ): (() => void) | undefined;
}

export interface ConnectionBounds {
  /** Connections that are open at a time. */
  readonly open: ConnectionShare;
  /** How many of them one address may have. */
  readonly perAddress: number;
  /** Connections that begin within one second: each is a TLS handshake. */
  readonly begun?: ConnectionShare;
}

/** A number of connections of which one address may have a part. */
export class ConnectionCount implements ConnectionShare {
  readonly #most: number;
  readonly #byAddress = new Map<string, number>();
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  tryTake(address: string, amount: number, { part }: { readonly part: { readonly most: number } }): (() => void) | undefined {
    const held = this.#byAddress.get(address) ?? 0;
    if (this.#open + amount > this.#most || held + amount > part.most) return undefined;
    this.#open += amount;
    this.#byAddress.set(address, held + amount);
    return () => {
      this.#open -= amount;
      const left = (this.#byAddress.get(address) ?? 0) - amount;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    };
  }
}

const SECOND_MS = 1_000;

/**
 * Closes connections above the share of an address, before authentication and before the TLS handshake, which is the expensive
 * part.
 */
export function boundConnections(server: Server, { open, perAddress, begun }: ConnectionBounds): void {
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const all = { part: { key: address, most: perAddress } };
    const begins = begun?.tryTake(address, 1, all);
    if (begins) setTimeout(begins, SECOND_MS).unref();
    const giveBack = begun && !begins ? undefined : open.tryTake(address, 1, all);
    if (giveBack === undefined) socket.destroy();
    else socket.once('close', giveBack);
  });
}
