import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnyObject, type KubeClient, MissingObjectError } from '@sentinel/kube';
import { ROTATE, SealKeeper } from './seal-key.ts';

const DAY_MS = 86_400_000;

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
  metadata: { name, namespace: 'sentinel-system', annotations },
});
const installed = (): Record<string, AnyObject | undefined> => ({
  'sentinel-webhook-seal': empty('Secret', 'sentinel-webhook-seal', { 'helm.sh/resource-policy': 'keep' }),
  'sentinel-seal-keys': empty('ConfigMap', 'sentinel-seal-keys'),
});

describe('The key that seals', () => {
  it('is put into the empty Secret of the installation, and its public half is published', async () => {
    const objects = installed();
    const keeper = new SealKeeper(holding(objects), DAY_MS);
    assert.equal(await keeper.tend(), true);
    const { id } = keeper.current();
    assert.deepEqual(Object.keys(objects['sentinel-seal-keys']?.data as object), [id]);
    assert.equal(objects['sentinel-webhook-seal']?.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    assert.equal(await keeper.tend(), false);
  });

  it('is replaced when an annotation asks for it', async () => {
    const objects = installed();
    const keeper = new SealKeeper(holding(objects), DAY_MS);
    await keeper.tend();
    const first = keeper.current().id;
    const secret = objects['sentinel-webhook-seal'];
    assert.ok(secret);
    objects['sentinel-webhook-seal'] = { ...secret, metadata: { ...secret.metadata, annotations: { [ROTATE]: 'now' } } };
    assert.equal(await keeper.tend(), true);
    assert.notEqual(keeper.current().id, first);
    assert.deepEqual(objects['sentinel-webhook-seal'].metadata.annotations, {});
    assert.deepEqual(Object.keys(objects['sentinel-seal-keys']?.data as object), [first, keeper.current().id]);
  });

  for (const name of ['sentinel-webhook-seal', 'sentinel-seal-keys'])
    it(`is not made without ${name}: the program creates no object`, async () => {
      const keeper = new SealKeeper(holding({ ...installed(), [name]: undefined }), DAY_MS);
      await assert.rejects(keeper.tend(), (error: Error) => {
        assert.ok(error instanceof MissingObjectError);
        assert.match(
          error.message,
          new RegExp(`'${name}' does not exist in namespace 'sentinel-system'.*install the chart again`),
        );
        return true;
      });
    });
});
