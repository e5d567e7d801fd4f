import { Agent } from 'undici';

/** Connections to another program, which all clients of a process share. */
export class Connections {
  #current: { ca: string; agent: Agent } | undefined;

  /**
   * The connections with this CA. Connections with another CA are closed when their requests have ended. Throws without a CA: Node would
   * verify the server against public authorities.
   */
  under(ca: string, servername: string): Agent {
    if (ca === '') throw new Error(`'${servername}' has published no CA`);
    if (this.#current?.ca === ca) return this.#current.agent;
    // Closing waits for requests that may take minutes, so it is not awaited.
    this.#current?.agent.close().catch(() => undefined);
    const agent = new Agent({ connect: { ca, servername }, allowH2: false });
    this.#current = { ca, agent };
    return agent;
  }
}
