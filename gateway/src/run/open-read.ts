import type { Readable } from 'node:stream';

/** How often an open read is looked at: within a second after policy forbids it, nothing more is read. */
export const LOOK_MS = 500;

/**
 * Ends a read that stays open, such as a watch or a followed log, once `refusal` says why it may not go on, or throws: a read was judged
 * when it began, and policy may have become stricter since. Looks no more when the stream has ended.
 */
export function endWhenRefused(body: Readable, refusal: () => string | undefined): void {
  const looking = setInterval(() => {
    const why = reasonOf(refusal);
    if (why !== undefined) body.destroy(new Error(why));
  }, LOOK_MS);
  looking.unref();
  // Whoever reads the stream hears of the error as well; one that nobody reads any more must not end the process.
  body.on('error', () => {});
  body.once('close', () => clearInterval(looking));
}

function reasonOf(refusal: () => string | undefined): string | undefined {
  try {
    return refusal();
  } catch (error) {
    return String(error);
  }
}
