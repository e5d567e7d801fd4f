import type { Readable } from 'node:stream';

/** The interval for checking open reads: they end within a second after policy forbids them. */
export const LOOK_MS = 500;

/**
 * Ends an open read, such as a watch or a followed log, once `refusal` returns a reason or throws: a read is evaluated when it begins, and
 * policy may have become stricter since. Stops checking when the stream has ended.
 */
export function endWhenRefused(body: Readable, refusal: () => string | undefined): void {
  const looking = setInterval(() => {
    const why = reasonOf(refusal);
    if (why !== undefined) body.destroy(new Error(why));
  }, LOOK_MS);
  looking.unref();
  // The reader of the stream gets the error as well; an error of a stream without a reader must not end the process.
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
