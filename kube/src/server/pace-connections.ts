import type { Server, Socket } from 'node:net';

/** How many connections of one address begin in a time. */
export interface ConnectionPace {
  /** Connections that begin at once after a time without any. */
  readonly burst: number;
  /** Connections that begin in a second beyond that. */
  readonly perSecond: number;
  /** The longest time that a connection waits for its beginning. Beyond it, it is closed at once. */
  readonly waitMs: number;
}

/** Addresses that are remembered. More than that have an idle bucket, or are forgotten. */
const ADDRESSES = 4_096;

/** When the next connection of each address may begin: the generic cell rate algorithm (ITU-T I.371, virtual scheduling). */
export class Pace {
  readonly #pace: ConnectionPace;
  readonly #next = new Map<string, number>();

  constructor(pace: ConnectionPace) {
    this.#pace = pace;
  }

  /** How many milliseconds a connection that arrives at `now` waits; undefined if that would be too long. Only those that may wait count. */
  delay(address: string, now: number): number | undefined {
    const { burst, perSecond, waitMs } = this.#pace;
    const interval = 1000 / perSecond;
    const begins = Math.max(this.#next.get(address) ?? 0, now - (burst - 1) * interval);
    const delay = Math.max(0, begins - now);
    if (delay > waitMs) return undefined;
    this.#next.delete(address);
    const [oldest] = this.#next.keys();
    if (oldest !== undefined && this.#next.size >= ADDRESSES) this.#next.delete(oldest);
    this.#next.set(address, begins + interval);
    return delay;
  }
}

/**
 * Begins the connections of an address at its pace: the first step of a connection is a TLS handshake, which costs the one thread of a
 * program more than most requests. A connection beyond the pace waits, so that a burst is served late and not refused. To be called before
 * other listeners for connections are added; they see each connection when it arrives.
 */
export function paceConnections(server: Server, pace: ConnectionPace): void {
  const paced = new Pace(pace);
  const begin = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const delay = paced.delay(socket.remoteAddress ?? '', performance.now());
    const beginNow = () => {
      if (!socket.destroyed) for (const listener of begin) listener.call(server, socket);
    };
    if (delay === undefined) socket.destroy();
    else if (delay === 0) beginNow();
    else {
      // Nobody else listens until the connection begins.
      const ignore = () => {};
      socket.on('error', ignore);
      setTimeout(() => {
        socket.off('error', ignore);
        beginNow();
      }, delay);
    }
  });
}
