const NAME = '{name}';

/**
 * The path of a request to the API server without the names in it, such as `/api/v1/namespaces/{namespace}/secrets/{name}`: for spans,
 * which must neither name a Secret nor be of unbounded variety. A path that is not one of a resource is cut after its first segment.
 */
export function pathTemplate(path: string): string {
  const segments = (path.split('?', 1)[0] ?? '').split('/').filter((segment) => segment !== '');
  const [root = '', ...rest] = segments;
  const api = root === 'api' ? rest.splice(0, 1) : root === 'apis' ? rest.splice(0, 2) : undefined;
  if (api === undefined || rest.length === 0)
    return `/${[isPlain(root) ? root : NAME, ...(api ?? []).filter(isPlain)].join('/')}`;
  const [kind = '', , resource, ...inside] = rest;
  const isNamespaced = kind === 'namespaces' && resource !== undefined && !['status', 'finalize'].includes(resource);
  const template = isNamespaced
    ? ['namespaces', '{namespace}', resource, ...ofObject(inside)]
    : [kind, ...ofObject(rest.slice(1))];
  return `/${[root, ...api, ...template].filter(isPlain).join('/')}`;
}

/** A name, a subresource, and no more: what comes after `proxy` is somebody else's path. */
function ofObject([name, subresource]: readonly string[]): string[] {
  return [...(name === undefined ? [] : [NAME]), ...(subresource === undefined ? [] : [subresource])];
}

const isPlain = (segment: string): boolean => /^(?:[a-z0-9.-]{1,128}|\{[a-z]+\})$/.test(segment);
