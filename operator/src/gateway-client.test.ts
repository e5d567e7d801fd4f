import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inSpan, type KubeClient, silentLogger, startTracing } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { startReceiver } from '@sentinel/kube/testing';
import { GatewayClient } from './gateway-client.ts';
import { ProgramLink } from './program-link.ts';

// A Service, and a replica that recorded a rehearsal: what each of them answers, and what the report comes to.

const NAME = 'gateway.test';
const tokenFile = join(mkdtempSync(join(tmpdir(), 'sentinel-')), 'token');
const known = { claimed: true, consumed: [], unknown: [], replica: '127.0.0.1' };
const recorded = { ...known, recorded: { effects: [], digest: 'd' } };
const running = { metadata: { name: 'gateway' }, status: { phase: 'Running' } };

type Answer = readonly [status: number, body: object] | 'cut' | 'gone';

describe('The report of a rehearsal', () => {
  let authority: KeyPair;
  const servers: Server[] = [];

  before(async () => {
    authority = await createAuthority('ours', 1);
    writeFileSync(tokenFile, 'token');
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  async function serve(answers: readonly Answer[], asked: string[]): Promise<number> {
    const left = [...answers];
    const server = createServer(await issueServerCertificate(authority, [NAME], 1), (request, response) => {
      asked.push(request.headers.authorization ?? '');
      const answer = left.length > 1 ? left.shift() : left[0];
      if (answer === undefined || answer === 'cut' || answer === 'gone') response.destroy();
      else response.writeHead(answer[0]).end(JSON.stringify(answer[1]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    if (answers[0] === 'gone') await new Promise((resolve) => server.close(resolve));
    else servers.push(server);
    return port;
  }

  async function report(service: readonly Answer[], replica: Answer, pods: readonly object[], stage: 'rehearsal' | 'run') {
    const asked: { service: string[]; replica: string[] } = { service: [], replica: [] };
    const access = {
      authority: 'ca',
      service: NAME,
      servicePort: await serve(service, asked.service),
      replicaPort: await serve([replica], asked.replica),
      tokenFile,
    };
    const client = {
      getOrThrow: async () => ({ data: { 'ca.crt': authority.cert } }),
      list: async () => ({ items: pods }),
    } as unknown as KubeClient;
    const outcome = await new GatewayClient(new ProgramLink(client, access)).report('job', '127.0.0.1', stage).then(
      (found) => (found.recorded ? 'recorded' : 'lost'),
      (error: Error) => error.name,
    );
    return [outcome, asked.service.length, asked.replica.length];
  }

  const again = 'RecorderUnavailable';
  const rows: Record<string, [service: Answer[], replica: Answer, pods: object[], outcome: (string | number)[]]> = {
    'is what the ledger kept': [[[200, recorded]], 'cut', [running], ['recorded', 1, 0]],
    'is what the replica has that recorded it': [[[200, known]], [200, recorded], [running], ['recorded', 1, 1]],
    'has nothing when that replica does not know it': [[[200, known]], [200, known], [running], ['lost', 1, 1]],
    'comes later after a 500': [[[200, known]], [500, {}], [running], [again, 1, 1]],
    'comes later after a 503': [[[200, known]], [503, {}], [running], [again, 1, 1]],
    'comes later after an answer that cannot be read': [[[200, known]], [200, { claimed: 7 }], [running], [again, 1, 1]],
    'comes later after a connection that was cut': [[[200, known]], 'cut', [running], [again, 1, 1]],
    'comes later while the container starts again': [[[200, known]], 'gone', [running], [again, 1, 0]],
    'has nothing when the replica is gone': [[[200, known]], 'gone', [], ['lost', 2, 0]],
    'is what the replica kept right before its end': [
      [
        [200, known],
        [200, recorded],
      ],
      'gone',
      [],
      ['recorded', 2, 0],
    ],
    'comes later when the Service gives none': [[[503, {}]], [200, recorded], [running], ['Error', 1, 0]],
  };
  for (const [name, [service, replica, pods, outcome]] of Object.entries(rows))
    it(name, async () => assert.deepEqual(await report(service, replica, pods, 'rehearsal'), outcome));

  it('of a run asks no replica: everything is in the ledger', async () => {
    assert.deepEqual(await report([[200, known]], 'gone', [running], 'run'), ['lost', 1, 0]);
  });

  it('tells the gateway of the trace that it is a part of, and the trace not of which run', async () => {
    const receiver = await startReceiver();
    const stop = await startTracing(
      { service: 'operator', endpoint: receiver.endpoint, samplingRatio: 1, stopMs: 60_000 },
      silentLogger,
    );
    const heard: unknown[] = [];
    const server = createServer(await issueServerCertificate(authority, [NAME], 1), (request, response) => {
      heard.push(request.headers.traceparent);
      response.writeHead(200).end(JSON.stringify(recorded));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const access = { service: NAME, authority: 'ca', servicePort: port, replicaPort: 1, tokenFile };
    const client = { getOrThrow: async () => ({ data: { 'ca.crt': authority.cert } }) } as unknown as KubeClient;
    const ask = () => new GatewayClient(new ProgramLink(client, access)).report('some-job', '127.0.0.1', 'run');
    await inSpan('internal', 'reconcile', {}, ask);
    await stop();
    receiver.close();
    const [asked, reconcile] = receiver.spans;
    assert.deepEqual([asked?.name, asked?.parentSpanId], ['GET /sentinel/v1/runs', reconcile?.spanId]);
    assert.deepEqual(heard, [`00-${asked?.traceId}-${asked?.spanId}-01`]);
    assert.doesNotMatch(JSON.stringify(receiver.spans), /some-job/);
  });

  it('ends when its signal aborts', async () => {
    const access = { service: NAME, authority: 'ca', servicePort: await serve(['cut'], []), replicaPort: 1, tokenFile };
    const reason = new Error('the lease is lost');
    const client = {
      getOrThrow: async () => ({ data: { 'ca.crt': authority.cert } }),
      until: () => client,
    } as unknown as KubeClient;
    const bound = new GatewayClient(new ProgramLink(client, access)).until(AbortSignal.abort(reason));
    await assert.rejects(bound.report('job', '127.0.0.1', 'rehearsal'), (error) => error === reason);
  });
});
