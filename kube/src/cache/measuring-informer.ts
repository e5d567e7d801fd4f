import { storedSize } from '../client/stored-size.ts';
import type { KubeObject, ResourceKind } from '../types.ts';
import { createInformer, type Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';

/** Objects may have 1.5 MiB, and a page is in memory while it is measured. */
const PAGE_SIZE = 16;

/** The stored facts about a measured object: its identity, its stored size in bytes, and the result of `keep`. */
export type Measured<K = unknown> = KubeObject & { readonly bytes: number } & K;

/**
 * An informer that stores the size of each object instead of the object, so that it can measure a collection that is larger than the
 * memory of this process. `keep` chooses additional data to store.
 */
export function createMeasuringInformer<T extends KubeObject, K extends object>(
  options: Omit<InformerOptions<T>, 'transform' | 'indexers' | 'pageSize'>,
  keep: (object: T) => K,
): Informer<Measured<K>> {
  const transform = (object: T): Measured<K> => {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const metadata = { name, namespace, uid, resourceVersion };
    return {
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata,
      bytes: storedSize(object),
      ...keep(object),
    } as Measured<K>;
  };
  const resource = options.resource as unknown as ResourceKind<Measured<K>>;
  return createInformer<Measured<K>>({
    ...options,
    resource,
    transform: transform as unknown as (object: Measured<K>) => Measured<K>,
    pageSize: PAGE_SIZE,
  });
}
