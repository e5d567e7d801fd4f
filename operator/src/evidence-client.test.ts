import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { digestOf, type EvidenceRequest } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { EvidenceClient } from './evidence-client.ts';
import { ProgramLink } from './program-link.ts';

const NAME = 'evidence.test';
const tokenFile = join(mkdtempSync(join(tmpdir(), 'sentinel-')), 'token');
const asked: EvidenceRequest = {
  evidence: {
    action: { namespace: 'shop', name: 'a', uid: 'u' },
    stage: 'run',
    attempt: 1,
    job: 'j',
    handling: 'Redacted',
    steps: [],
    results: [],
  },
  retainMs: 1,
};

describe('The client of the evidence store', () => {
  let authority: KeyPair;
  const servers: Server[] = [];
  before(async () => {
    authority = await createAuthority('ours', 1);
    writeFileSync(tokenFile, 'token\n');
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  async function clientOf(status: number, answer: object, { ca = authority, name = NAME } = {}) {
    const got: { authorization: string | undefined; body: unknown }[] = [];
    const server = createServer(await issueServerCertificate(authority, [name], 1), (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.on('end', () => {
        got.push({ authorization: request.headers.authorization, body: text === '' ? undefined : JSON.parse(text) });
        response.writeHead(status).end(JSON.stringify(answer));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const kube = {
      getOrThrow: async ({ kind }: { kind: string }) =>
        kind === 'Service' ? { spec: { clusterIP: '127.0.0.1' } } : { data: { 'ca.crt': ca.cert } },
      until: () => kube,
    } as unknown as KubeClient;
    const link = new ProgramLink(kube, { service: NAME, authority: 'ca', port, tokenFile });
    return { client: new EvidenceClient(link), got };
  }

  it('sends the evidence with its token, and has the digest of what it sent', async () => {
    const digest = digestOf(asked.evidence);
    const { client, got } = await clientOf(200, { digest });
    assert.equal(await client.store(asked), digest);
    assert.deepEqual(got, [{ authorization: 'Bearer token', body: asked }]);
  });

  it('believes no other digest', async () => {
    const { client } = await clientOf(200, { digest: digestOf('other') });
    await assert.rejects(client.store(asked), /answered the digest/);
  });

  it('says what the evidence store refused', async () => {
    const { client } = await clientOf(507, { message: 'the evidence store is full' });
    await assert.rejects(client.store(asked), /answered 507: .*is full/);
  });

  it('says why the evidence store takes nothing, and nothing where it does', async () => {
    assert.equal(await (await clientOf(200, {})).client.fault('shop'), undefined);
    assert.match(
      (await (await clientOf(507, { message: 'it is full' })).client.fault('shop')) ?? '',
      /answered 507: .*it is full/,
    );
    const { client } = await clientOf(200, {}, { name: 'other.test' });
    assert.ok((await client.fault('shop')) !== undefined);
  });

  it('sends nothing while the evidence store has published no CA', async () => {
    // Node would verify the server against public authorities then.
    const { client, got } = await clientOf(200, { digest: '' }, { ca: { ...authority, cert: '' } });
    await assert.rejects(client.store(asked), /has published no CA/);
    assert.deepEqual(got, []);
  });

  it('reads no answer that is too long to be a digest', async () => {
    const { client } = await clientOf(200, { digest: digestOf(asked.evidence), more: 'x'.repeat(1_000_000) });
    await assert.rejects(client.store(asked), /more than 65536 bytes/);
  });

  it('sends nothing to a server of another authority, or of another name', async () => {
    const stranger = await createAuthority('others', 1);
    for (const more of [{ ca: stranger }, { name: 'other.test' }]) {
      const { client, got } = await clientOf(200, { digest: '' }, more);
      await assert.rejects(client.store(asked));
      assert.deepEqual(got, []);
    }
  });
});
