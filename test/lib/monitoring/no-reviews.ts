import { request } from 'node:https';
import { forwardPort } from '../hostile/port-forward.ts';
import { repeat } from './faults.ts';

/** Sends the webhook something that is not a review, without the certificate that the API server has. */
const sendNoReview = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const where = { host: '127.0.0.1', port, path: '/mutate', rejectUnauthorized: false, agent: false };
    const asked = request({ ...where, method: 'POST', headers }, (answer) => answer.resume().once('end', resolve));
    asked.setTimeout(5_000, () => asked.destroy(new Error('no answer')));
    asked.once('error', reject).end('{}');
  });

/** Sends such requests, three in a second, while something is waited for. */
export async function whileNoReviewsAreSent(wait: () => Promise<unknown>): Promise<void> {
  const { port, close } = await forwardPort('service/sentinel-webhook');
  const stop = repeat(300, () => sendNoReview(port));
  try {
    await wait();
  } finally {
    await stop();
    close();
  }
}
