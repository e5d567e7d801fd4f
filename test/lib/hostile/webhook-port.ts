import { request } from 'node:https';
import { forwardPort } from './port-forward.ts';

/** What the webhook answers to a review. */
export interface ReviewResponse {
  readonly allowed: boolean;
  /** A JSON patch in base64. */
  readonly patch?: string;
  readonly warnings?: string[];
  readonly status?: { message: string };
}

/** A way to the webhook that does not lead through the API server, as every pod of a cluster has one. */
export interface WebhookPort {
  /** Posts a review to a path; answers with the response of the webhook. */
  post(path: string, review: object): Promise<ReviewResponse>;
  close(): void;
}

/** Opens it by a port-forward. */
export async function openWebhookPort(): Promise<WebhookPort> {
  const { port, close } = await forwardPort('service/sentinel-webhook');
  return { post: (path, review) => post(port, path, review), close };
}

function post(port: number, path: string, review: object): Promise<ReviewResponse> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        rejectUnauthorized: false,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        answer.on('end', () => resolve((JSON.parse(text) as { response: ReviewResponse }).response));
      },
    );
    asked.setTimeout(10_000, () => asked.destroy(new Error('the webhook did not answer within 10 s')));
    asked.once('error', reject);
    asked.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: review }));
  });
}
