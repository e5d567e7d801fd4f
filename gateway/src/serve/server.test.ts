import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { silentLogger } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { DrainState, type Phase, ShuttingDown } from '../drain/state.ts';
import { FORWARDED } from './forward.ts';
import { createGatewayServer, type ServerContext } from './server.ts';

const run = { stage: 'rehearsal', jobUid: 'job', namespace: 'shop' };
const recorder = { address: '10.0.0.7', process: 'other' };

describe('The server of the gateway', () => {
  let authority: KeyPair;
  const servers: ReturnType<typeof createGatewayServer>[] = [];
  before(async () => {
    authority = await createAuthority('gateway', 1);
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** Sends a request of a sandbox, or of the operator; answers with status, the headers that say what to do next, and the message. */
  async function ask(
    of: { run?: object; isFresh?: boolean; phase?: Phase; by?: 'operator'; headers?: Record<string, string>; path?: string } = {},
  ) {
    const drain = new DrainState();
    drain.moveTo(of.phase ?? 'Serving');
    const passed: unknown[] = [];
    const context = {
      drain,
      logger: silentLogger,
      isFresh: () => of.isFresh ?? true,
      authenticator: {
        authenticate: async () =>
          of.by === 'operator' ? { kind: 'operator' } : { kind: 'sandbox', pod: { name: 'p', uid: 'p' } },
      },
      runs: {
        of: async () => {
          if (of.run === undefined) throw new ShuttingDown();
          return of.run;
        },
      },
      forwarder: {
        pass: async (...[to, , , response]: Parameters<ServerContext['forwarder']['pass']>) => {
          passed.push(to);
          response.writeHead(200).end('{"message":"passed on"}');
        },
      },
      lock: { fault: async () => undefined },
    } as unknown as ServerContext;
    const server = createGatewayServer(await issueServerCertificate(authority, ['gateway.test'], 1), context);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const agent = new Agent({ ca: authority.cert, servername: 'gateway.test', keepAlive: true });
    const path = of.path ?? '/api/v1/namespaces/shop/pods/web/exec';
    const answer = await new Promise<{ status: number | undefined; close: boolean; retry: string | undefined; message: string }>(
      (resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, agent, headers: of.headers ?? {} }, (got) => {
          let text = '';
          got.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          got.on('end', () =>
            resolve({
              status: got.statusCode,
              close: got.headers.connection === 'close',
              retry: got.headers['retry-after'],
              message: String((JSON.parse(text) as { message?: unknown }).message ?? text),
            }),
          );
        });
        sent.on('error', reject);
        sent.end();
      },
    );
    agent.destroy();
    return { ...answer, passed };
  }

  it('serves no sandbox while it does not know the policies as they are', async () => {
    const { status, retry, message } = await ask({ run, isFresh: false });
    assert.deepEqual([status, retry], [503, '1']);
    assert.match(message, /has lost the API server; send the request again/);
    assert.equal((await ask({ by: 'operator', isFresh: false, path: '/sentinel/v1/lock' })).status, 200);
  });

  it('sends a run that it does not serve to another replica when it ends', async () => {
    const { status, retry, close, message } = await ask({ phase: 'Draining' });
    assert.deepEqual([status, retry, close], [503, '1', true]);
    assert.match(message, /is shutting down; send the request again/);
  });

  it('answers the operator while it drains, on a connection that it closes, and nobody when it closes', async () => {
    const asked = { by: 'operator', path: '/sentinel/v1/lock' } as const;
    const [serving, draining, closing] = [
      await ask(asked),
      await ask({ ...asked, phase: 'Draining' }),
      await ask({ ...asked, phase: 'Closing' }),
    ];
    assert.deepEqual([serving.status, serving.close], [200, false]);
    assert.deepEqual([draining.status, draining.close], [200, true]);
    assert.deepEqual([closing.status, closing.close, closing.retry], [503, true, '1']);
  });

  it('passes on what belongs to a rehearsal that another replica records, once', async () => {
    const elsewhere = { ...run, recorder };
    const once = await ask({ run: elsewhere });
    assert.deepEqual([once.status, once.message, once.passed], [200, 'passed on', [recorder]]);
    const twice = await ask({ run: elsewhere, headers: { [FORWARDED]: 'yes' } });
    assert.deepEqual([twice.status, twice.passed], [403, []]);
    assert.match(twice.message, /what it recorded is lost; the rehearsal is started over/);
  });
});
