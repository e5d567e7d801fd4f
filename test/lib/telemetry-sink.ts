import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

// What stands behind the Collector: writes down each export. In a thread of its own, because anyone who starts it may wait for a child
// without answering anything, and the Collector acknowledges what it could not hand on.

const { received } = workerData as { readonly received: string };

const sink = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    appendFileSync(received, `${JSON.stringify({ path: request.url, body })}\n`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
sink.listen(0, '127.0.0.1', () => parentPort?.postMessage((sink.address() as AddressInfo).port));
