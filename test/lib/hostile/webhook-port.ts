import { spawn } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { paths } from '@sentinel/cluster';
import { admin } from '../cluster.ts';

/** A way to the webhook that does not lead through the API server, as every pod of a cluster has one. */
export interface WebhookPort {
  /** Posts a review to a path; answers with the response of the webhook. */
  post(path: string, review: object): Promise<{ allowed: boolean; warnings?: string[]; status?: { message: string } }>;
  close(): void;
}

/** Opens it by a port-forward. */
export async function openWebhookPort(): Promise<WebhookPort> {
  const forward = spawn(
    join(paths.bin, 'kubectl'),
    ['--kubeconfig', admin.kubeconfig, 'port-forward', '-n', 'sentinel-system', 'service/sentinel-webhook', ':443'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const port = await new Promise<number>((resolve, reject) => {
    forward.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const [, found] = /127\.0\.0\.1:(\d+)/.exec(text) ?? [];
      if (found) resolve(Number(found));
    });
    forward.once('exit', () => reject(new Error('kubectl port-forward ended')));
  });
  return { post: (path, review) => post(port, path, review), close: () => forward.kill() };
}

function post(port: number, path: string, review: object): ReturnType<WebhookPort['post']> {
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
        answer.on('end', () => resolve((JSON.parse(text) as { response: Awaited<ReturnType<WebhookPort['post']>> }).response));
      },
    );
    asked.once('error', reject);
    asked.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: review }));
  });
}
