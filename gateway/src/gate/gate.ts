import { connect } from 'node:net';

/** The addresses that a sandbox must and must not reach. */
export interface GateTargets {
  readonly gateway: { readonly host: string; readonly port: number };
  readonly forbidden: { readonly host: string; readonly port: number };
  readonly deadlineMs: number;
}

const CONNECT_MS = 1_000;
const PAUSE_MS = 50;
/** The forbidden address gets this long to answer: many times what the gateway took, and never less than the floor. */
const PATIENCE = 30;
const PATIENCE_FLOOR_MS = 50;
/** A lost packet must not look like an enforced policy. */
const ATTEMPTS = 3;

/**
 * Waits until network policies are enforced: in one observation the forbidden address does not answer while the gateway does, before it and
 * after it. A network that is down, or policies that are not enforced yet, never pass. Returns undefined if the steps may start, else why
 * they may not.
 */
export async function waitAtGate(targets: GateTargets): Promise<string | undefined> {
  const end = performance.now() + targets.deadlineMs;
  let why = 'nothing was observed';
  do {
    // The first connection includes one-time set-up costs, so the second one measures the response time.
    const before = await reaches(targets.gateway, CONNECT_MS);
    const begun = performance.now();
    const measured = before && (await reaches(targets.gateway, CONNECT_MS));
    const patience = Math.max(PATIENCE_FLOOR_MS, (performance.now() - begun) * PATIENCE);
    const leak = measured && (await answers(targets.forbidden, Math.min(patience, CONNECT_MS)));
    const after = measured && !leak && (await reaches(targets.gateway, CONNECT_MS));
    if (after) return undefined;
    why = leak
      ? `the forbidden address ${targets.forbidden.host}:${targets.forbidden.port} answers: network policies are not enforced here`
      : `the gateway ${targets.gateway.host}:${targets.gateway.port} does not answer`;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (performance.now() < end);
  return why;
}

async function answers(target: GateTargets['forbidden'], timeoutMs: number): Promise<boolean> {
  return (await Promise.all(Array.from({ length: ATTEMPTS }, () => reaches(target, timeoutMs)))).some((answer) => answer);
}

function reaches({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
