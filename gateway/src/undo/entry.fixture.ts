import { changesBetween } from '../effect/change.ts';
import { request } from '../effect/request.fixture.ts';
import type { Entry } from '../ledger/entry.ts';

/** A patch of the Deployment `web` that made the second object of the first. */
export const patched = (was: object, is: object, target: object = {}, more: Partial<Entry> = {}): Entry =>
  ({
    jobUid: 'source',
    target: {
      index: 0,
      verb: 'patch',
      apiGroup: 'apps',
      version: 'v1',
      resource: 'deployments',
      namespace: 'shop',
      name: 'web',
      uid: 'u',
      ...target,
    },
    state: 'Done',
    owner: { process: 'p', nonce: 'n' },
    since: 0,
    sending: { request: request(), preconditions: {}, change: changesBetween(was, is), promised: { live: was, result: is } },
    stored: { uid: 'u', resourceVersion: '9' },
    ...more,
  }) as Entry;
