import { laterDaemons } from './daemons.ts';
import { until } from './machine/run.ts';
import { isNodeReady, isOurs, recordedPids } from './status.ts';
import { startDaemon } from './up.ts';

/** Kills the kubelet; pods that run stay. The answer starts it again, and waits until the node is Ready. */
export async function killKubelet(): Promise<() => Promise<void>> {
  const daemon = laterDaemons().find(({ name }) => name === 'kubelet');
  const pid = (await recordedPids()).kubelet;
  if (!daemon || pid === undefined || !(await isOurs(pid, 'kubelet'))) throw new Error('the kubelet does not run');
  process.kill(pid, 'SIGKILL');
  await until('the kubelet to end', 10, async () => !(await isOurs(pid, 'kubelet')));
  return async () => {
    await startDaemon(daemon, await recordedPids(), 'continued');
    await until('the node to be Ready', 60, isNodeReady);
  };
}
