import { type AnyObject, type Clock, type KubeClient, type Logger, type Runnable, sleep } from '@sentinel/kube';
import { noteAlteredGuards } from '../metrics.ts';
import { findAlteredGuards } from './guards/read.ts';

const EVERY_MS = 60_000;

/**
 * Checks the guards of real runs every minute, so that an admin learns that one was altered before somebody waits for a start. It decides
 * nothing: a start reads them again. Only in the leader.
 */
export function watchGuards(client: KubeClient, guards: readonly AnyObject[], logger: Logger, clock: Clock): Runnable {
  let told = '';
  const look = async (signal: AbortSignal) => {
    const faults = await findAlteredGuards(client.until(signal), guards);
    noteAlteredGuards(faults.length);
    const text = faults.join('; ');
    if (text !== told && text !== '') logger.warn('Guards are missing or altered, so nothing starts', { guards: faults });
    told = text;
  };
  return {
    name: 'guards',
    start: async (signal) => {
      do {
        // The count stays as it was: whether the API server answers is measured elsewhere.
        await look(signal).catch((error: unknown) => {
          if (!signal.aborted) logger.warn('Failed to look at the guards', { error: String(error) });
        });
      } while (await sleep(EVERY_MS, signal, clock));
      noteAlteredGuards(undefined);
    },
  };
}
