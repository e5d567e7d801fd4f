import { badRequest, forbidden } from './refused.ts';

/** Where a path points, before discovery has confirmed it. */
export type Target =
  | { readonly kind: 'information'; readonly path: string }
  | {
      readonly kind: 'resource';
      readonly group: string;
      readonly version: string;
      readonly namespace: string | undefined;
      readonly resource: string;
      readonly name: string | undefined;
      readonly subresource: string | undefined;
    };

const information = /^(api|apis|version|openapi|healthz|livez|readyz)$/;

/**
 * Parses a path: decoded once, segment by segment, and never forwarded unchanged.
 * Throws Refused for encoded slashes, empty segments, the old `watch/` form, and everything that is neither a resource nor
 * one of the reading endpoints that clients discover the API with.
 */
export function parsePath(path: string): Target {
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/').map(decodeSegment);
  const [root = ''] = segments;
  if (!information.test(root))
    throw forbidden('PathNotAllowed', `the path '${path.slice(0, 128)}' is not a resource of the Kubernetes API`);
  if (root === 'api' && segments.length > 2) return resourceAt('', segments[1] ?? '', segments.slice(2));
  if (root === 'apis' && segments.length > 3) return resourceAt(segments[1] ?? '', segments[2] ?? '', segments.slice(3));
  return { kind: 'information', path: `/${segments.map(encodeURIComponent).join('/')}` };
}

function decodeSegment(segment: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    throw badRequest('PathNotAllowed', 'the path holds an escape that cannot be decoded');
  }
  if (decoded === '' || decoded === '.' || decoded === '..' || /[/%\\\u0000-\u001f]/.test(decoded)) {
    throw badRequest('PathNotAllowed', 'the path holds an empty segment, a dot segment or an escaped separator');
  }
  return decoded;
}

const TOO_LONG = 'the path goes on behind the subresource; a sandbox cannot reach what is behind a proxy';

function resourceAt(group: string, version: string, rest: readonly string[]): Target {
  const [first = '', second, third, fourth, ...more] = rest;
  if (first === 'watch' || first === 'proxy')
    throw forbidden('PathNotAllowed', `paths below '${first}/' are refused; use the query parameter 'watch'`);
  if (more.length > 1) throw forbidden('PathNotAllowed', TOO_LONG);
  // /namespaces/NAME and its subresources are the namespace itself; anything else below it is a resource inside.
  const inside = first === 'namespaces' && third !== undefined && !(group === '' && ['status', 'finalize'].includes(third));
  if (!inside) {
    if (fourth !== undefined) throw forbidden('PathNotAllowed', TOO_LONG);
    return { kind: 'resource', group, version, namespace: undefined, resource: first, name: second, subresource: third };
  }
  return { kind: 'resource', group, version, namespace: second, resource: third, name: fourth, subresource: more[0] };
}
