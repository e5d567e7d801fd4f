import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const JOBS = ['job-1', 'job-2'];
const WRITES = 50;

test(`a process that is told to end with ${JOBS.length * WRITES} writes in flight carries out and records all, and takes no more`, async (t) => {
  const fixture = fileURLToPath(new URL('./in-flight.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [fixture, String(WRITES)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const said: Record<string, unknown>[] = [];
  const waiting = new Map<string, (value: Record<string, unknown>) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const value = JSON.parse(line) as Record<string, unknown>;
    said.push(value);
    for (const [key, resolve] of waiting) if (key in value) resolve(value);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const until = (key: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const known = said.find((value) => key in value);
      if (known) resolve(known);
      waiting.set(key, resolve);
      void ended.then(() => reject(new Error(`the process ended before it said '${key}'`)));
    });
  const { port, ca } = (await until('port')) as { port: number; ca: string };
  const agent = new Agent({ ca, servername: 'gateway.test', keepAlive: true });

  /** Sends a write of a run; answers with its status and whether the connection will be closed, or with why there is no answer. */
  const write = (job: string, name: string, method = 'POST') =>
    new Promise<string>((resolve) => {
      const headers = { authorization: `Bearer ${job}`, 'content-type': 'application/json' };
      const path = '/api/v1/namespaces/shop/configmaps';
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent }, (answer) => {
        answer.resume().on('end', () => resolve(`${answer.statusCode} ${answer.headers.connection ?? ''}`));
      });
      sent.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
      sent.end(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
    });

  const answers = Promise.all(JOBS.flatMap((job) => Array.from({ length: WRITES }, (_, at) => write(job, `${job}-${at}`))));
  await until('full');
  await until('held');
  child.kill('SIGTERM');
  assert.equal((await until('signal')).inFlight, JOBS.length * WRITES);
  // It still listens, and answers the runs that it serves; this is nothing that it does for anybody.
  assert.equal(await write('job-1', 'other', 'PUT'), '405 close');
  child.stdin.write('go\n');
  const counts = Map.groupBy(await answers, (answer) => answer.split(' ')[0]);
  assert.deepEqual(
    [...counts].map(([status, all]) => [status, all.length]),
    [['201', JOBS.length * WRITES]],
  );
  const { states, created, cut } = await until('states');
  assert.deepEqual({ states, created, cut }, { states: { Done: JOBS.length * WRITES }, created: JOBS.length * WRITES, cut: 0 });
  await ended;
  assert.equal(await write('job-1', 'later'), 'ECONNREFUSED');
  agent.destroy();
});
