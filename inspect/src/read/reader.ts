import type { Report } from '@sentinel/findings';
import { ApiError, type KubeClient, type KubeObject, type ResourceKind } from '@sentinel/kube';

/** Reads objects, and notes what could not be read: a report says so, and never takes it for an empty list. */
export interface Reader {
  readonly client: KubeClient;
  readonly unread: Report['unread'];
  /** A list, of which only the result of `keep` is stored; empty if it could not be read. */
  list<T extends KubeObject, R = T>(kind: ResourceKind<T>, options?: ListOptions, keep?: (item: T) => R): Promise<R[]>;
  /** Whatever `read` answers; undefined if the API server or the gateway refused it. */
  attempt<R>(what: string, read: () => Promise<R>): Promise<R | undefined>;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Objects per page, for kinds with large objects. */
  readonly pageSize?: number;
}

/** Reads with a client. Only refusals are noted: an error of the connection ends the report, as nothing is known then. */
export function createReader(client: KubeClient): Reader {
  const unread: Report['unread'] = [];
  const attempt = async <R>(what: string, read: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unread.push({ what, reason: error.message });
      return undefined;
    }
  };
  return {
    client,
    unread,
    attempt,
    async list(kind, options = {}, keep = (item) => item as never) {
      const where = options.namespace === undefined ? '' : ` in namespace ${options.namespace}`;
      const read = () => client.listMapped(kind, { ...options, onlyPages: true }, keep);
      return (await attempt(`${kind.plural}${where}`, read))?.items ?? [];
    },
  };
}
