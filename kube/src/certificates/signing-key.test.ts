import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeClient } from '../client/client.ts';
import { MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';
import { SigningKeeper } from './signing-key.ts';

const DAY_MS = 86_400_000;
const ROTATE = 'example.com/rotate';

const keeperOf = (objects: Record<string, AnyObject | undefined>, settleMs = 0) =>
  new SigningKeeper({
    client: holding(objects),
    secret: { namespace: 'home', name: 'signing' },
    published: { namespace: 'home', name: 'keys' },
    fieldManager: 'program',
    rotate: ROTATE,
    maxAgeMs: DAY_MS,
    settleMs,
  });

/** A client that holds these objects, by name, and refuses to create any. */
function holding(objects: Record<string, AnyObject | undefined>): KubeClient {
  const client = {
    get: (_: unknown, { name }: { name: string }) => Promise.resolve(objects[name] ?? null),
    replace: (_: unknown, object: AnyObject) => {
      objects[object.metadata.name ?? ''] = object;
      return Promise.resolve(object);
    },
    patch: (_: unknown, { name }: { name: string }, { data }: { data: object }) => {
      const object = objects[name];
      assert.ok(object, 'a patch would create it');
      objects[name] = { ...object, data: { ...(object.data as object), ...data } } as AnyObject;
      return Promise.resolve(object);
    },
    create: () => assert.fail('it creates an object'),
  };
  return client as unknown as KubeClient;
}

const empty = (kind: string, name: string, annotations: Record<string, string> = {}): AnyObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'home', annotations },
});
const installed = (): Record<string, AnyObject | undefined> => ({
  signing: empty('Secret', 'signing', { 'example.com/keep': 'keep' }),
  keys: empty('ConfigMap', 'keys'),
});

describe('A key that signs', () => {
  it('is put into the empty Secret of the installation, and its public half is published', async () => {
    const objects = installed();
    const keeper = keeperOf(objects);
    assert.equal(await keeper.tend(), true);
    const { id } = keeper.current();
    assert.deepEqual(Object.keys(objects.keys?.data as object), [id]);
    assert.equal(objects.signing?.metadata.annotations?.['example.com/keep'], 'keep');
    assert.equal(await keeper.tend(), false);
  });

  it('is replaced when an annotation asks for it', async () => {
    const objects = installed();
    const keeper = keeperOf(objects);
    await keeper.tend();
    const first = keeper.current().id;
    const secret = objects.signing;
    assert.ok(secret);
    objects.signing = { ...secret, metadata: { ...secret.metadata, annotations: { [ROTATE]: 'now' } } };
    assert.equal(await keeper.tend(), true);
    assert.notEqual(keeper.current().id, first);
    assert.deepEqual(objects.signing.metadata.annotations, {});
    assert.deepEqual(Object.keys(objects.keys?.data as object), [first, keeper.current().id]);
  });

  for (const name of ['signing', 'keys'])
    it(`is not made without ${name}: the program creates no object`, async () => {
      const keeper = keeperOf({ ...installed(), [name]: undefined });
      await assert.rejects(keeper.tend(), (error: Error) => {
        assert.ok(error instanceof MissingObjectError);
        assert.match(error.message, new RegExp(`'${name}' does not exist in namespace 'home'.*install the chart again`));
        return true;
      });
    });
});
