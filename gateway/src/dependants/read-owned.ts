import { z } from 'zod';
import type { DeletableResource } from '../request/discovery.ts';
import { pathOf } from '../request/parse.ts';
import type { Owned } from './cascade.ts';

/** Objects that have owners, and every uid that was read. */
export interface OwnedObjects {
  readonly owned: readonly Owned[];
  readonly seen: ReadonlySet<string>;
  /** Why there may be more, in sentences without a full stop. */
  readonly incomplete: readonly string[];
  /** Whether a kind could not be read although the account may list it. */
  readonly isFaulty: boolean;
}

/** One page of a list, metadata only; without a body if it could not be read, or is larger than a page may be. */
export type ReadPage = (path: string) => Promise<{ readonly status: number; readonly body: Buffer }>;

/** The limits of one read: objects in a page, objects in total, and requests. */
export const LIMITS = { page: 250, objects: 5_000, requests: 250 };
/** The beginning of the sentence about kinds that could not be read although the account may list them. */
export const COULD_NOT_LIST = 'could not list';
/** The same about kinds that the account of the run has no right to list. */
export const MAY_NOT_LIST = 'the account of the run (accounts.sentinel.dev) may not list';
/** How the sentence begins about a limit that ended the reading. */
export const AT_MOST = 'at most';
const AT_A_TIME = 4;
const NAMED = 6;

const Page = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  // Null if there are none (seen with 1.36.3).
  items: z
    .array(
      z.object({
        metadata: z.object({
          uid: z.string(),
          name: z.string(),
          namespace: z.string().optional(),
          deletionTimestamp: z.string().optional(),
          finalizers: z.array(z.string()).optional(),
          ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().optional() })).optional(),
        }),
      }),
    )
    .nullable(),
});

/**
 * Reads the owners of all objects that the garbage collector may delete, in a namespace, or in the whole cluster if it is
 * undefined. Kinds that cannot be read, and limits that were reached, are reported.
 */
export async function readOwned(
  read: ReadPage,
  resources: readonly DeletableResource[],
  namespace: string | undefined,
  limits = LIMITS,
): Promise<OwnedObjects> {
  const owned: Owned[] = [];
  const seen = new Set<string>();
  const unreadable: string[] = [];
  const forbidden: string[] = [];
  let requests = 0;
  let ended = false;
  const readAll = async (resource: DeletableResource): Promise<void> => {
    const name = resource.apiGroup === '' ? resource.resource : `${resource.resource}.${resource.apiGroup}`;
    for (let token: string | undefined = ''; token !== undefined; ) {
      ended ||= seen.size >= limits.objects || requests >= limits.requests;
      if (ended) return;
      requests++;
      const answer = await read(pageOf(resource, namespace, token, limits.page));
      // The kind was removed since discovery listed it.
      if (answer.status === 404) return;
      if (answer.status === 403) return void forbidden.push(name);
      const page = answer.status === 200 ? parsePage(answer.body) : undefined;
      if (!page) return void unreadable.push(name);
      for (const { metadata } of page.items ?? []) {
        seen.add(metadata.uid);
        if (metadata.ownerReferences?.length) owned.push(ownedBy(resource, metadata));
      }
      token = page.metadata.continue || undefined;
    }
  };
  const open = resources.filter((resource) => namespace === undefined || resource.namespaced);
  const next = async () => {
    for (let one = open.shift(); one !== undefined; one = open.shift()) await readAll(one);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
  return {
    owned,
    seen,
    incomplete: [
      ...(unreadable.length === 0 ? [] : [`${COULD_NOT_LIST} ${shortList(unreadable)}`]),
      ...(forbidden.length === 0 ? [] : [`${MAY_NOT_LIST} ${shortList(forbidden)}`]),
      ...(ended ? [`${AT_MOST} ${limits.objects} objects and ${limits.requests} pages are read`] : []),
    ],
    isFaulty: unreadable.length > 0,
  };
}

function pageOf({ apiGroup, version, resource }: DeletableResource, namespace: string | undefined, token: string, limit: number) {
  const path = pathOf({ version, base: resource, subresource: undefined, api: { apiGroup, namespace, name: undefined } });
  return `${path}?limit=${limit}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`;
}

function parsePage(body: Buffer): z.infer<typeof Page> | undefined {
  try {
    return Page.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

type Metadata = NonNullable<z.infer<typeof Page>['items']>[number]['metadata'];

const ownedBy = ({ apiGroup, resource, kind }: DeletableResource, metadata: Metadata): Owned => ({
  uid: metadata.uid,
  apiGroup,
  resource,
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
  owners: (metadata.ownerReferences ?? []).map(({ uid }) => uid),
  controller: metadata.ownerReferences?.find(({ controller }) => controller)?.uid,
  leavesDependants: metadata.finalizers?.includes('orphan') ?? false,
  isGoing: metadata.deletionTimestamp !== undefined,
});

const shortList = (names: readonly string[]) => {
  const more = names.length - NAMED;
  return `${names.toSorted().slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more kinds` : ''}`;
};
