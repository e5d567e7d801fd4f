import assert from 'node:assert/strict';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { inSpan, silentLogger, startTracing } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { startReceiver } from '@sentinel/kube/testing';
import { FORWARDED, Forwarder, refusedFor } from './forward.ts';

const NAME = 'sentinel-gateway';
const listening = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

describe('A request for a rehearsal that another replica records', () => {
  let authority: KeyPair;
  let recorder: Server;
  let port: number;
  const servers: Server[] = [];
  const seen: string[] = [];
  const traces: (string | string[] | undefined)[] = [];

  before(async () => {
    authority = await createAuthority('ours', 1);
    recorder = createHttps(await issueServerCertificate(authority, [NAME], 1), (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      request.on('end', () => {
        traces.push(request.headers.traceparent);
        const { authorization, accept, [FORWARDED]: mark, cookie } = request.headers;
        seen.push([request.method, request.url, authorization, accept, mark, cookie, body].join(' '));
        response.writeHead(201, { 'content-type': 'application/json', 'x-other': 'y' }).end('{"made":true}');
      });
    });
    port = await listening(recorder);
    servers.push(recorder);
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** Sends a request to a replica that passes everything on; answers with status, type and body. */
  async function throughAnother(trusted: string, to = '127.0.0.1', at = port): Promise<[number, string, string]> {
    const forwarder = new Forwarder({ authority: () => trusted, name: NAME, port: at });
    const server = createHttp((request, response) => {
      const pass = () =>
        forwarder.pass(
          { address: to, process: 'p' },
          request,
          Buffer.from('{"kind":"X"}'),
          response,
          new AbortController().signal,
        );
      inSpan('server', 'a request', {}, pass).catch((error: { status: number; message: string }) =>
        response.writeHead(error.status).end(error.message),
      );
    });
    servers.push(server);
    const answer = await fetch(`http://127.0.0.1:${await listening(server)}/api/v1/x?y=1`, {
      method: 'POST',
      headers: { authorization: 'Bearer t', accept: 'application/json', cookie: 'c=1' },
      body: '{"kind":"X"}',
    });
    const result: [number, string, string] = [answer.status, answer.headers.get('x-other') ?? '', await answer.text()];
    await forwarder.close();
    return result;
  }

  it('is passed on with its token and body and nothing else, and so is the answer', async () => {
    assert.deepEqual(await throughAnother(authority.cert), [201, '', '{"made":true}']);
    assert.deepEqual(seen, ['POST /api/v1/x?y=1 Bearer t application/json yes  {"kind":"X"}']);
  });

  it('is not sent to anyone who cannot show the certificate of the gateway', async () => {
    const other = await createAuthority('other', 1);
    seen.length = 0;
    assert.equal((await throughAnother(other.cert))[0], 503);
    assert.deepEqual(seen, []);
  });

  it('is refused when the other replica is gone', async () => {
    const free = createHttp();
    const closed = await listening(free);
    free.close();
    const [status, , message] = await throughAnother(authority.cert, '127.0.0.1', closed);
    assert.equal(status, 403);
    assert.match(message, /what it recorded is lost; the rehearsal is started over/);
  });

  const rows: Record<string, [unknown, number]> = {
    'a refused connection: nobody listens any more': [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 403],
    'no way there: the pod is gone': [Object.assign(new Error('x'), { code: 'EHOSTUNREACH' }), 403],
    'another program has the address now': [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 403],
    'no answer in time': [Object.assign(new Error('x'), { code: 'UND_ERR_HEADERS_TIMEOUT' }), 503],
    'a connection that is cut': [Object.assign(new Error('x'), { code: 'ECONNRESET' }), 503],
    'anything else': ['x', 503],
  };
  for (const [name, [error, status]] of Object.entries(rows))
    it(`${status}: ${name}`, () => assert.equal(refusedFor(error).status, status));

  it('is passed on as a part of the trace of the replica that passes it on', async () => {
    const receiver = await startReceiver();
    const stop = await startTracing(
      { service: 'gateway', endpoint: receiver.endpoint, samplingRatio: 1, stopMs: 60_000 },
      silentLogger,
    );
    traces.length = 0;
    await throughAnother(authority.cert);
    await stop();
    receiver.close();
    const [span] = receiver.spans;
    assert.deepEqual(traces, [`00-${span?.traceId}-${span?.spanId}-01`]);
  });
});
