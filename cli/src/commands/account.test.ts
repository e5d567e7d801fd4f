import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ok, runAgainst } from '../../test/fake-cluster.ts';
import { assertGolden } from '../../test/golden.ts';
import { accountObjects, accountOf } from './account.ts';

const create = [
  'account',
  'create',
  'remediator',
  '-n',
  'shop',
  '--role',
  'edit',
  '--user',
  'shop:repair-agent',
  '--user',
  'ops:bot',
];

describe('an account', () => {
  it('is printed for Git', async () => {
    const ran = await runAgainst(() => undefined, [...create, '--dry-run=client', '-o', 'yaml']);
    assert.equal(ran.code, 0, ran.error);
    assert.deepEqual(ran.requests, []);
    assertGolden('account', ran.out.trimEnd());
    assert.equal(parseAllDocuments(ran.out).length, 5);
  });

  it('is applied by the server, under one field manager', async () => {
    const ran = await runAgainst((request) => (request.method === 'PATCH' ? ok({}) : undefined), create);
    assert.equal(ran.code, 0, ran.error);
    const patches = ran.requests.filter(({ method }) => method === 'PATCH');
    assert.equal(patches.length, 5);
    for (const { query, headers } of patches) {
      assert.equal(query?.fieldManager, 'kubectl-sentinel');
      assert.equal(headers?.['content-type'], 'application/apply-patch+yaml');
    }
  });

  it('is not made when its names run together with those of another', async () => {
    const other = accountObjects(accountOf('a', 'b-c', { role: 'view' }))[1];
    const ran = await runAgainst(
      ({ method, path }) => (method === 'GET' && path.includes('/clusterroles/') ? ok(other) : undefined),
      ['account', 'create', 'c', '-n', 'a-b', '--role', 'edit'],
    );
    assert.equal(ran.code, 1);
    assert.match(ran.error, /belongs to another account/);
    assert.equal(
      ran.requests.some(({ method }) => method === 'PATCH'),
      false,
    );
  });

  it('is not given another role behind the back of its binding', async () => {
    const before = accountObjects(accountOf('shop', 'remediator', { role: 'view' }))[0];
    const ran = await runAgainst(
      ({ method, path }) => (method === 'GET' && path.includes('/rolebindings/') ? ok(before) : undefined),
      create,
    );
    assert.equal(ran.code, 1);
    assert.match(ran.error, /kubectl delete rolebinding sentinel-account-remediator -n shop/);
  });

  it('is listed with its role and who may use it', async () => {
    const items = accountObjects(accountOf('shop', 'remediator', { role: 'edit', user: ['shop:repair-agent'] })).filter(
      ({ kind }) => kind === 'RoleBinding',
    );
    const ran = await runAgainst(() => ok({ metadata: { resourceVersion: '1' }, items }), ['account', 'list']);
    assert.equal(ran.out, 'NAME         ROLE               USED-BY\nremediator   ClusterRole/edit   shop:repair-agent\n');
  });

  it('is listed without a label too, and with its home when it has rights elsewhere', async () => {
    const [binding] = accountObjects(accountOf('other', 'remediator', { role: 'edit' }));
    const items = [{ ...binding, metadata: { name: 'by-hand', namespace: 'shop' } }];
    const ran = await runAgainst(() => ok({ metadata: { resourceVersion: '1' }, items }), ['account', 'list', '-A']);
    assert.match(ran.out, /shop {8}other:remediator {3}ClusterRole\/edit {3}<none>/);
  });

  it('is not seen if there is none', async () => {
    const ran = await runAgainst(() => ok({ metadata: { resourceVersion: '1' }, items: [] }), ['account', 'list']);
    assert.match(ran.out, /There is no account/);
  });

  const wrong: readonly [name: string, argv: string[], expected: RegExp][] = [
    ['a name with capitals', ['Remediator', '--role', 'edit'], /is not a valid name for an account/],
    ['a name with a colon', ['a:b', '--role', 'edit'], /is not a valid name for an account/],
    ['no role', ['remediator'], /--role is required/],
    ['two roles', ['remediator', '--role', 'a', '--cluster-role', 'b'], /not both/],
    ['an unknown kind of role', ['remediator', '--role', 'a', '--role-kind', 'Secret'], /--role-kind/],
    ['a user without a namespace', ['remediator', '--role', 'a', '--user', 'bot'], /NAMESPACE:NAME/],
    ['an unknown dry-run', ['remediator', '--role', 'a', '--dry-run', 'server'], /--dry-run/],
  ];
  for (const [name, argv, expected] of wrong)
    it(`refuses ${name}`, async () => {
      const ran = await runAgainst(() => undefined, ['account', 'create', ...argv]);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
      assert.deepEqual(ran.requests, []);
    });
});
