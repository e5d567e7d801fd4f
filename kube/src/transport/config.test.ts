import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig, tokenFileAuth } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sentinel-config-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileOf = (text: string): string => {
  files += 1;
  const path = join(folder, `${files}`);
  writeFileSync(path, text);
  return path;
};

const kubeconfig = (user: object, more: { cluster?: object; context?: object; current?: string } = {}) =>
  fileOf(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': more.current ?? 'one',
      clusters: [
        { name: 'c', cluster: { server: 'https://api.test:6443//', ...more.cluster } },
        { name: 'd', cluster: { server: 'https://other.test' } },
      ],
      users: [
        { name: 'u', user },
        { name: 'v', user: { token: 'other' } },
      ],
      contexts: [
        { name: 'one', context: { cluster: 'c', user: 'u', ...more.context } },
        { name: 'two', context: { cluster: 'd', user: 'v', namespace: 'shop' } },
        { name: 'broken', context: { cluster: 'missing', user: 'u' } },
      ],
    }),
  );

describe('A kubeconfig', () => {
  it('says where the API server is, and in which namespace', () => {
    const ca = Buffer.from('CERTIFICATE').toString('base64');
    const cluster = { 'certificate-authority-data': ca, 'tls-server-name': 'name.test', 'insecure-skip-tls-verify': false };
    const config = loadConfig({ kubeconfig: kubeconfig({ token: 't' }, { cluster }) });
    assert.deepEqual(
      [
        config.server,
        String(config.ca),
        config.tlsServerName,
        config.insecureSkipTlsVerify,
        config.namespace,
        config.currentContext,
      ],
      ['https://api.test:6443', 'CERTIFICATE', 'name.test', false, 'default', 'one'],
    );
  });

  it('is read for the context that is asked for', async () => {
    const config = loadConfig({ kubeconfig: kubeconfig({ token: 't' }), context: 'two' });
    assert.deepEqual(
      [config.server, config.namespace, await config.auth()],
      ['https://other.test', 'shop', { authorization: 'Bearer other' }],
    );
  });

  for (const context of ['none', 'broken'])
    it(`is refused when the context '${context}' leads nowhere`, () =>
      assert.throws(
        () => loadConfig({ kubeconfig: kubeconfig({ token: 't' }), context }),
        new RegExp(`No such context .*: ${context}`),
      ));

  it('is refused when it does not exist, or names no context', () => {
    assert.throws(() => loadConfig({ kubeconfig: join(folder, 'missing') }));
    assert.throws(() => loadConfig({ kubeconfig: kubeconfig({}, { current: '' }) }), /\(none is set\)/);
  });

  const users: readonly [what: string, user: object, headers: object][] = [
    ['a token', { token: 't' }, { authorization: 'Bearer t' }],
    [
      'a name and a password',
      { username: 'ada', password: 'p:w' },
      { authorization: `Basic ${Buffer.from('ada:p:w').toString('base64')}` },
    ],
    ['a certificate alone', { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5' }, {}],
    ['nothing', {}, {}],
    ['a user to impersonate', { token: 't', as: 'bea' }, { authorization: 'Bearer t', 'impersonate-user': 'bea' }],
  ];
  for (const [what, user, headers] of users)
    it(`authenticates by ${what}`, async () =>
      assert.deepEqual(await loadConfig({ kubeconfig: kubeconfig(user) }).auth(), headers));

  it('has the certificate of the user', () => {
    const user = { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5' };
    const { clientCert, clientKey } = loadConfig({ kubeconfig: kubeconfig(user) });
    assert.deepEqual([String(clientCert), String(clientKey)], ['cert', 'key']);
  });
});

describe('KUBECONFIG', () => {
  const withEnv = (files: readonly string[]) => {
    const before = process.env.KUBECONFIG;
    process.env.KUBECONFIG = files.join(delimiter);
    try {
      return loadConfig();
    } finally {
      if (before === undefined) delete process.env.KUBECONFIG;
      else process.env.KUBECONFIG = before;
    }
  };
  const one = (name: string, server: string, current?: string) =>
    fileOf(
      JSON.stringify({
        clusters: [{ name, cluster: { server } }],
        users: [{ name, user: { token: `token-of-${server}` } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        ...(current === undefined ? {} : { 'current-context': current }),
      }),
    );

  it('of several files is read without those that do not exist, as kubectl does', () => {
    const config = withEnv([join(folder, 'missing'), one('a', 'https://a.test'), '', one('b', 'https://b.test', 'b')]);
    assert.deepEqual([config.server, config.currentContext], ['https://b.test', 'b']);
  });

  it('takes the first of two entries with the same name', async () => {
    const config = withEnv([one('a', 'https://first.test', 'a'), one('a', 'https://second.test', 'a')]);
    assert.deepEqual(
      [config.server, await config.auth()],
      ['https://first.test', { authorization: 'Bearer token-of-https://first.test' }],
    );
  });

  it('none of whose files exists is refused, and the message names them', () =>
    assert.throws(() => withEnv([join(folder, 'missing')]), /No file of \$KUBECONFIG exists: .*missing/));
});

describe('What is said instead of the kubeconfig', () => {
  const file = () => kubeconfig({ token: 't' });

  it('chooses cluster and user apart from the context', async () => {
    const config = loadConfig({ kubeconfig: file(), cluster: 'd', user: 'v' });
    assert.deepEqual([config.server, await config.auth()], ['https://other.test', { authorization: 'Bearer other' }]);
    assert.throws(() => loadConfig({ kubeconfig: file(), cluster: 'x' }), /No such cluster .*: x/);
    assert.throws(() => loadConfig({ kubeconfig: file(), user: 'x' }), /No such user .*: x/);
  });

  it('takes the place of server, token and certificates', async () => {
    const authority = fileOf('AUTHORITY');
    const certificate = fileOf('CERTIFICATE');
    const key = fileOf('KEY');
    const config = loadConfig({
      kubeconfig: file(),
      server: 'https://third.test/',
      token: 'mine',
      certificateAuthority: authority,
      clientCertificate: certificate,
      clientKey: key,
      tlsServerName: 'x.test',
    });
    assert.deepEqual(
      [config.server, String(config.ca), String(config.clientCert), String(config.clientKey), config.tlsServerName],
      ['https://third.test', 'AUTHORITY', 'CERTIFICATE', 'KEY', 'x.test'],
    );
    assert.deepEqual(await config.auth(), { authorization: 'Bearer mine' });
  });

  it('needs no context when it names a server', () => {
    const config = loadConfig({
      kubeconfig: kubeconfig({}, { current: '' }),
      server: 'https://x.test',
      insecureSkipTlsVerify: true,
    });
    assert.deepEqual([config.server, config.insecureSkipTlsVerify, config.namespace], ['https://x.test', true, 'default']);
  });
});

describe('Impersonation', () => {
  const load = (options: { as?: string; asGroups?: string[]; asUid?: string }, user: object = { token: 't' }) =>
    loadConfig({ kubeconfig: kubeconfig(user), ...options });

  it('is asked for with each request, groups one by one', async () => {
    const auth = { authorization: 'Bearer t', 'impersonate-user': 'ada', 'impersonate-group': ['a', 'b'] };
    assert.deepEqual(await load({ as: 'ada', asGroups: ['a', 'b'] }).auth(), auth);
    assert.deepEqual(await load({ as: 'ada', asGroups: ['a', 'b'] }).auth(true), auth);
    assert.deepEqual(await load({ as: 'ada' }, { token: 't', as: 'bea' }).auth(), {
      authorization: 'Bearer t',
      'impersonate-user': 'ada',
    });
    assert.deepEqual(await load({ as: 'ada', asUid: 'u-1' }).auth(), {
      authorization: 'Bearer t',
      'impersonate-user': 'ada',
      'impersonate-uid': 'u-1',
    });
  });

  it('of groups alone is refused: it would be dropped', () => assert.throws(() => load({ asGroups: ['a'] }), /needs a user/));
});

describe('A token that others rotate', () => {
  it('is read again after a minute, or at once when it is refused', async () => {
    const path = fileOf(' one\n');
    let now = 1_000_000;
    const auth = tokenFileAuth(path, () => now);
    const token = async (fresh?: boolean) => (await auth(fresh)).authorization;
    assert.equal(await token(), 'Bearer one');
    writeFileSync(path, 'two\n');
    now += 60_000;
    assert.equal(await token(), 'Bearer one');
    now += 1;
    assert.equal(await token(), 'Bearer two');
    writeFileSync(path, 'three');
    assert.equal(await token(), 'Bearer two');
    assert.equal(await token(true), 'Bearer three');
    assert.equal(await token(), 'Bearer three');
  });

  it('that cannot be read fails the request, and is read again by the next one', async () => {
    const path = join(folder, 'later');
    const auth = tokenFileAuth(path);
    await assert.rejects(auth(), /ENOENT/);
    writeFileSync(path, 'here');
    assert.deepEqual(await auth(), { authorization: 'Bearer here' });
  });
});
