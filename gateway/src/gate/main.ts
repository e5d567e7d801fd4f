import { waitAtGate } from './gate.ts';

/** The first container of every sandbox pod: exits with 0 if network policies are enforced, else with 1 and the reason. */
export async function runGate(env: NodeJS.ProcessEnv): Promise<number> {
  const why = await waitAtGate({
    gateway: address(env.SENTINEL_GATEWAY, 'SENTINEL_GATEWAY'),
    forbidden: address(env.SENTINEL_FORBIDDEN, 'SENTINEL_FORBIDDEN'),
    deadlineMs: 30_000,
  });
  if (why === undefined) return 0;
  process.stderr.write(`sentinel gate: ${why}; nothing was started\n`);
  return 1;
}

function address(value: string | undefined, name: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(value ?? '');
  if (!match?.[1]) throw new Error(`${name} must be HOST:PORT`);
  return { host: match[1], port: Number(match[2]) };
}
