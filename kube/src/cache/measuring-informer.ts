import { storedSize } from '../client/stored-size.ts';
import type { KubeObject, ResourceKind } from '../types.ts';
import { createInformer, type Informer, type InformerOptions } from './informer.ts';

/** Some objects have 1.5 MiB, and a page is held whole while it is measured. */
const PAGE_SIZE = 16;

/** What is held of an object whose size counts: who it is, how many bytes the API server stores of it, and what else was asked for. */
export type Measured<K = unknown> = KubeObject & { readonly bytes: number } & K;

/**
 * An informer that holds the size of each object instead of the object, so that a collection can be counted that is larger than the
 * memory of this process. `keep` chooses what else is held.
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
