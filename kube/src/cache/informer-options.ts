import type { KubeClient } from '../client/client.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { KubeObject, ResourceKind } from '../types.ts';
import type { Delta, Indexer } from './store.ts';

/** Called for each change, in order, after the store shows it. Exceptions are logged and do not stop the informer. */
export type ChangeHandler<T extends KubeObject> = (delta: Delta<T>) => void;

/** What an informer copies, and how it keeps its copy. */
export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  resource: ResourceKind<T>;
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** The stored form of an object; by default without managedFields. Must keep name, namespace, uid and resourceVersion. */
  transform?: ((object: T) => T) | undefined;
  indexers?: Readonly<Record<string, Indexer<T>>> | undefined;
  /**
   * Objects per page of a list. If set, a list is never read in one request, for collections that may be larger than the memory of this
   * process. Only the result of `transform` is kept from a page.
   */
  pageSize?: number | undefined;
  /** The interval (plus up to a tenth) after which each object is reported again as an update of itself. Never by default. */
  resyncMs?: number | undefined;
  /**
   * A watch without a byte for so long is opened again; 75 s by default (a server that has something to say sends a bookmark each minute).
   */
  inactivityMs?: number | undefined;
  /** How long there may be no watch before `healthy` says no; 15 s by default. */
  unhealthyAfterMs?: number | undefined;
  /** How long the server may be silent before `healthy` says no; 90 s by default, so that a watch can be opened again before. */
  quietMs?: number | undefined;
  /** Delays between tries after errors: 0.5 s doubling to 30 s, up to half longer, by default. */
  retry?: { baseMs: number; maxMs: number } | undefined;
  logger?: Logger | undefined;
  clock?: Clock | undefined;
}
