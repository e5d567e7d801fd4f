import type { ApiRequest } from '@sentinel/policy';
import type { Discovery, ResourceInfo } from './discovery.ts';
import { parsePath } from './path.ts';
import { isOn, parseQuery } from './query.ts';
import { forbidden, Refused } from './refused.ts';

/** A parsed request of a sandbox: matched with discovery, without the original path or query. */
export interface ParsedRequest {
  readonly api: ApiRequest;
  readonly version: string;
  readonly info: ResourceInfo;
  /** The resource without its subresource. */
  readonly base: string;
  readonly subresource: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly body: Buffer;
  readonly watch: boolean;
  /** Whether its values come from pre-images, so that none of them is the time at which it is made. */
  readonly isExact?: true;
}

/** A reading endpoint that is not a resource: discovery, OpenAPI, version, health. */
export interface Information {
  readonly path: string;
}

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: {
    readonly accept?: string | undefined;
    readonly contentType?: string | undefined;
    readonly upgrade?: string | undefined;
  };
  readonly body: Buffer;
}

const patches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** Parses a request. Throws Refused for everything that is not clearly one request to one resource. */
export async function parseRequest(raw: RawRequest, discovery: Discovery): Promise<ParsedRequest | Information> {
  if (raw.headers.upgrade !== undefined || raw.method === 'CONNECT')
    throw forbidden('UpgradeNotAllowed', 'exec, attach, port-forward and other upgrades are refused in a sandbox');
  const [path = '', ...search] = raw.url.split('?');
  const target = parsePath(path);
  const query = parseQuery(search.join('?'));
  if (target.kind === 'information') {
    if (raw.method !== 'GET') throw forbidden('PathNotAllowed', `${raw.method} ${target.path} is refused: it is not a resource`);
    return { path: target.path };
  }
  const resource = target.subresource === undefined ? target.resource : `${target.resource}/${target.subresource}`;
  const info = await discovery.find(target.group, target.version, resource, raw.method);
  if (target.namespace === undefined && info.namespaced && target.name !== undefined)
    throw forbidden('PathNotAllowed', `'${resource}' belongs to a namespace, and the path names none`);
  if (target.namespace !== undefined && !info.namespaced)
    throw forbidden('PathNotAllowed', `'${resource}' does not belong to a namespace`);
  const watch = target.name === undefined && isOn(query.get('watch'));
  const contentType = (raw.headers.contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const verb = verbOf(raw.method, target.name, watch, contentType);
  if (!info.verbs.includes(verb)) throw new Refused(405, 'MethodNotSupported', `'${resource}' does not know the verb '${verb}'`);
  const api: ApiRequest = { verb, apiGroup: target.group, resource, namespace: target.namespace, name: target.name };
  return {
    api,
    version: target.version,
    info,
    base: target.resource,
    subresource: target.subresource,
    query,
    contentType,
    accept: raw.headers.accept,
    body: raw.body,
    watch,
  };
}

function verbOf(method: string, name: string | undefined, watch: boolean, contentType: string): string {
  switch (method) {
    case 'GET':
      if (watch) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      if (!patches.includes(contentType))
        throw new Refused(415, 'MediaTypeNotSupported', `a patch of the type '${contentType}' is not known`);
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      throw new Refused(405, 'MethodNotSupported', `the method ${method.slice(0, 16)} is refused`);
  }
}

/** The path of a resource, built again. */
export function pathOf(
  request: Pick<ParsedRequest, 'version' | 'base' | 'subresource'> & { api: Pick<ApiRequest, 'apiGroup' | 'namespace' | 'name'> },
): string {
  const { apiGroup, namespace, name } = request.api;
  const root = apiGroup === '' ? ['api', request.version] : ['apis', apiGroup, request.version];
  const inside = namespace === undefined ? [] : ['namespaces', namespace];
  const rest = [request.base, name, request.subresource].filter((segment) => segment !== undefined);
  return `/${[...root, ...inside, ...rest].map(encodeURIComponent).join('/')}`;
}
