import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject, TransportRequest } from '@sentinel/kube';
import { parseAllDocuments } from 'yaml';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { assertGolden } from '../../../test/golden.ts';
import { accountObjects, accountOf } from './objects.ts';

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

/** A cluster with the role and the namespace, and without an account. */
const cluster = ({ method, path }: TransportRequest) => {
  if (method === 'PATCH' || path.endsWith('/clusterroles/edit')) return ok({});
  return path === '/api/v1/namespaces/shop' ? ok({ metadata: { name: 'shop', uid: 'uid-of-shop' } }) : undefined;
};

describe('an account', () => {
  it('is printed for Git', async () => {
    const ran = await runAgainst(() => undefined, [...create, '--dry-run=client', '-o', 'yaml']);
    assert.equal(ran.code, 0, ran.error);
    assert.deepEqual(ran.requests, []);
    assertGolden('account', ran.out.trimEnd());
    assert.equal(parseAllDocuments(ran.out).length, 5);
  });

  it('is applied by the server, under one field manager', async () => {
    const ran = await runAgainst(cluster, create);
    assert.equal(ran.code, 0, ran.error);
    const patches = ran.requests.filter(({ method }) => method === 'PATCH');
    assert.equal(patches.length, 5);
    for (const { query, headers } of patches) {
      assert.equal(query?.fieldManager, 'kubectl-sentinel');
      assert.equal(headers?.['content-type'], 'application/apply-patch+yaml');
    }
  });

  it('has its parts outside of the namespace deleted with the namespace', async () => {
    const ran = await runAgainst(cluster, create);
    const owners = ran.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => JSON.parse(String(body)) as AnyObject)
      .map(({ kind, metadata }) => [kind, metadata.ownerReferences]);
    const owner = [{ apiVersion: 'v1', kind: 'Namespace', name: 'shop', uid: 'uid-of-shop' }];
    assert.deepEqual(owners, [
      ['RoleBinding', undefined],
      ['ClusterRole', owner],
      ['ClusterRoleBinding', owner],
      ['Role', undefined],
      ['RoleBinding', undefined],
    ]);
  });

  it('is not made with a role that does not exist', async () => {
    for (const [kind, where] of [
      ['ClusterRole', ''],
      ['Role', " in namespace 'shop'"],
    ] as const) {
      const ran = await runAgainst(() => undefined, [...create, '--role-kind', kind]);
      assert.equal(ran.code, 1);
      assert.ok(ran.error.startsWith(`error: there is no ${kind} 'edit'${where}, so the account could do nothing`), ran.error);
      assert.match(ran.error, /\[RoleNotFound\]/);
      assert.equal(
        ran.requests.some(({ method }) => method === 'PATCH'),
        false,
      );
    }
  });

  it('is deleted with all its objects, the right of the gateway first', async () => {
    const objects = accountObjects(accountOf('shop', 'remediator', { role: 'edit', user: ['shop:repair-agent'] }));
    const stored = ({ method, path }: TransportRequest) => {
      const found = objects.find(({ kind, metadata }) => path.endsWith(`/${kind.toLowerCase()}s/${metadata.name ?? ''}`));
      return found ? ok(method === 'DELETE' ? {} : { ...found, metadata: { ...found.metadata, uid: 'u' } }) : undefined;
    };
    const ran = await runAgainst(stored, ['account', 'delete', 'remediator', '--yes']);
    assert.equal(ran.code, 0, ran.error);
    const deleted = ran.requests.filter(({ method }) => method === 'DELETE');
    assert.equal(deleted.length, 5);
    assert.ok(deleted.every(({ body }) => String(body).includes('"preconditions":{"uid":"u"}')));
    const asked = await runAgainst(stored, ['account', 'delete', 'remediator'], 'n\n');
    assert.deepEqual([asked.code, asked.requests.some(({ method }) => method === 'DELETE')], [1, false]);
    const gone = await runAgainst(() => undefined, ['account', 'delete', 'remediator', '--yes']);
    assert.match(gone.error, /there is no account 'remediator' in namespace 'shop'.*\[ObjectNotFound\]/);
  });

  it('is not deleted when its cluster-wide name belongs to another account', async () => {
    const other = accountObjects(accountOf('a', 'b-c', { role: 'view' }))[1];
    const ran = await runAgainst(
      ({ path }) => (path.includes('/clusterroles/') ? ok(other) : undefined),
      ['account', 'delete', 'c', '-n', 'a-b', '--yes'],
    );
    assert.match(ran.error, /belongs to another account; nothing was deleted/);
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
      (request) => (request.method === 'GET' && request.path.includes('/rolebindings/') ? ok(before) : cluster(request)),
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
    assert.match(ran.error, /There is no account/);
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
      assert.equal(ran.code, 2);
      assert.match(ran.error, expected);
      assert.deepEqual(ran.requests, []);
    });
});
