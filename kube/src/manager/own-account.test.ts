import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Answer, configMap, event, listOf, scriptedServer, until, watchOf } from '../testing.ts';
import { Manager } from './manager.ts';
import { readOwnAccount, watchOwnAccount } from './own-account.ts';

const { namespace = '', name = '', uid = '' } = configMap('webhook', '5').metadata;

/** A manager with the watch of its account, against a script. */
async function start(script: { list: Answer[]; watch: Answer[] }) {
  const server = await scriptedServer(script);
  const watch = watchOwnAccount(server.client, { namespace, name, uid }, { retry: { baseMs: 1, maxMs: 2 } });
  const stop = new AbortController();
  const running = new Manager().addRunnable(watch).start(stop.signal);
  running.catch(() => {});
  return { server, stop, running };
}

const GONE = new RegExp(`the ServiceAccount ${namespace}/${name} of this pod was deleted`);

describe('A program whose ServiceAccount is watched', { timeout: 30_000 }, () => {
  const gone: Record<string, { list: Answer[]; watch: Answer[] }> = {
    'is deleted': {
      list: [listOf('10', configMap('webhook', '5'))],
      watch: [watchOf([event('DELETED', configMap('webhook', '11'))])],
    },
    'does not exist at the start': { list: [listOf('10')], watch: [watchOf([])] },
    'has been replaced by one of the same name': {
      list: [listOf('10', configMap('webhook', '9', 'another'))],
      watch: [watchOf([])],
    },
  };
  for (const [what, script] of Object.entries(gone))
    it(`ends when the account ${what}`, async () => {
      const { server, running } = await start(script);
      await assert.rejects(running, GONE);
      await server.close();
    });

  it('runs on while the account exists, whatever changes in it, and ends on the signal', async () => {
    const watch = [watchOf([event('MODIFIED', configMap('webhook', '11'))])];
    const { server, stop, running } = await start({ list: [listOf('10', configMap('webhook', '5'))], watch });
    await until(() => server.requests.some((request) => request.includes('watch=true')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort();
    await running;
    assert.ok(
      server.requests.every((request) => request.includes(encodeURIComponent(`metadata.name=${name}`))),
      server.requests.join(),
    );
    await server.close();
  });
});

describe('The account of a pod', () => {
  const at = join(mkdtempSync(join(tmpdir(), 'token-')), 'token');
  const token = (claims: object) =>
    ['{}', JSON.stringify(claims), 'x'].map((one) => Buffer.from(one).toString('base64url')).join('.');

  it('is what the claims of its token say', () => {
    const claims = { 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'b', uid: 'c' } } };
    writeFileSync(at, token(claims));
    assert.deepEqual(readOwnAccount(at), { namespace: 'a', name: 'b', uid: 'c' });
  });

  it('is unknown outside a cluster', () => assert.equal(readOwnAccount(`${at}-none`), undefined));

  it('is an error if the token is of something else', () => {
    writeFileSync(at, token({ 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'b' } } }));
    assert.throws(() => readOwnAccount(at), /is not the token of a ServiceAccount/);
  });
});
