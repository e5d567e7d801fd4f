import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap } from '../testing.ts';
import type { AnyObject } from '../types.ts';
import type { ChangeHandler } from './informer-options.ts';
import { NamespaceSums } from './namespace-sums.ts';
import { type Delta, MutableStore } from './store.ts';

/** A store whose changes are reported as an informer does. */
function informer() {
  const store = new MutableStore<AnyObject>();
  const handlers: ChangeHandler<AnyObject>[] = [];
  return {
    store,
    onChange: (handler: ChangeHandler<AnyObject>) => {
      for (const object of store.list()) handler({ type: 'add', object });
      handlers.push(handler);
      return () => undefined;
    },
    publish: (deltas: readonly Delta<AnyObject>[]) => {
      for (const delta of deltas) for (const handler of handlers) handler(delta);
    },
  };
}
const sized = (namespace: string, name: string, version: number, bytes: number, uid = name): AnyObject => {
  const { metadata, ...rest } = configMap(name, String(version), uid);
  return { ...rest, metadata: { ...metadata, namespace }, bytes };
};
const amountsOf = ({ bytes }: AnyObject) => ({ bytes: bytes as number, count: 1 });

/** Numbers that look random and are the same in each run. */
function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('Running sums of namespaces', () => {
  it('begin with what an informer holds, and have nothing of a namespace without objects', () => {
    const source = informer();
    source.store.upsert(sized('shop', 'a', 1, 100));
    const sums = new NamespaceSums(['bytes', 'count']);
    sums.follow(source, amountsOf);
    assert.deepEqual(sums.of('shop'), { bytes: 100, count: 1 });
    assert.deepEqual(sums.of('bank'), { bytes: 0, count: 0 });
    assert.equal(sums.namespacesWith(['shop', 'bank', 'bank']), 2);
  });

  it('take off what was added, whatever the last state of a deleted object says', () => {
    const source = informer();
    const sums = new NamespaceSums(['bytes', 'count']);
    sums.follow(source, amountsOf);
    source.publish(source.store.upsert(sized('shop', 'a', 1, 100)));
    source.publish(source.store.remove(sized('shop', 'a', 2, 999)));
    assert.deepEqual([sums.of('shop'), sums.all, sums.namespacesWith([])], [{ bytes: 0, count: 0 }, { bytes: 0, count: 0 }, 0]);
  });

  for (let seed = 1; seed <= 40; seed++)
    it(`equal a full count after any changes of two informers: ${seed}`, () => {
      const random = randomFrom(seed);
      const sources = [informer(), informer()];
      const sums = new NamespaceSums(['bytes', 'count']);
      let version = 0;
      const some = () => {
        version += 1;
        // A name may come back with another uid, and the last state of an object may have any size.
        return sized(`ns${random(4)}`, `o${random(6)}`, version, random(1000), `uid${random(12)}`);
      };
      for (const source of sources) sums.follow(source, amountsOf);
      for (let step = 0; step < 300; step++) {
        const { store, publish } = sources[random(2)] ?? informer();
        const act = random(10);
        if (act < 5) publish(store.upsert(some()));
        else if (act < 8) {
          const stored = store.list()[random(store.size)];
          if (stored) publish(store.remove({ ...stored, bytes: random(1000) }));
        } else if (act < 9) publish(store.remove(some()));
        else {
          const kept = store.list().filter(() => random(3) > 0);
          const isKept = new Set(kept.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
          const came = some();
          if (!isKept.has(`${came.metadata.namespace}/${came.metadata.name}`)) kept.push(came);
          publish(store.replaceAll(kept));
        }
        const objects = sources.flatMap((source) => source.store.list());
        const count = (namespace?: string) => {
          const own = objects.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
          return { bytes: own.reduce((sum, { bytes }) => sum + (bytes as number), 0), count: own.length };
        };
        for (let at = 0; at < 4; at++) assert.deepEqual(sums.of(`ns${at}`), count(`ns${at}`), `step ${step}`);
        assert.deepEqual(sums.all, count());
        assert.equal(sums.namespacesWith([]), new Set(objects.map(({ metadata }) => metadata.namespace)).size);
      }
    });
});
