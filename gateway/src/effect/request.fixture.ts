import type { ApiRequest } from '@sentinel/policy';
import type { ParsedRequest } from '../request/parse.ts';

/** A request for tests: a patch of a Deployment unless something else is said. */
export function request(api: Partial<ApiRequest> = {}, more: Partial<ParsedRequest> = {}): ParsedRequest {
  return {
    api: { verb: 'patch', apiGroup: 'apps', resource: 'deployments', namespace: 'shop', name: 'web', ...api },
    version: 'v1',
    info: { kind: 'Deployment', namespaced: true, verbs: ['get', 'list', 'watch', 'patch', 'delete'], hasStatus: true },
    base: 'deployments',
    subresource: undefined,
    query: new Map(),
    contentType: 'application/json',
    accept: undefined,
    body: Buffer.alloc(0),
    watch: false,
    ...more,
  };
}
