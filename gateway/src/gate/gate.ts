import { connect } from 'node:net';

/** Where a sandbox must and must not get to. */
export interface GateTargets {
  readonly gateway: { readonly host: string; readonly port: number };
  readonly forbidden: { readonly host: string; readonly port: number };
  readonly deadlineMs: number;
}

const CONNECT_MS = 400;
const PAUSE_MS = 200;

/**
 * Waits until network policies are seen to hold: in one observation the forbidden address does not answer while the gateway
 * does, before it and after it. A network that is simply down, or policies that are not enforced yet, never pass. Returns
 * undefined when the gate opens, else why it stayed shut.
 */
export async function waitAtGate(targets: GateTargets): Promise<string | undefined> {
  const end = performance.now() + targets.deadlineMs;
  let why = 'nothing was observed';
  do {
    const [before, leak] = await Promise.all([reaches(targets.gateway), reaches(targets.forbidden)]);
    const after = await reaches(targets.gateway);
    if (before && after && !leak) return undefined;
    why = leak
      ? `the forbidden address ${targets.forbidden.host}:${targets.forbidden.port} answers: network policies are not enforced here`
      : `the gateway ${targets.gateway.host}:${targets.gateway.port} does not answer`;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (performance.now() < end);
  return why;
}

function reaches({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_MS, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
