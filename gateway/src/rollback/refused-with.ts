import type { Restored } from './outcome.ts';

/** The outcome of a write of a rollback that the API server refused. */
export function refusedWith({ status, body }: { readonly status: number; readonly body: Buffer }): Restored {
  let message = '';
  try {
    message = String((JSON.parse(body.toString('utf8')) as { message?: unknown }).message ?? '').slice(0, 300);
  } catch {
    // The status code is sufficient.
  }
  return { outcome: 'Failed', message: `the API server refused it (HTTP ${status})${message === '' ? '' : `: ${message}`}` };
}
