import { EVIDENCE_GROUP, EVIDENCE_VERSION } from '@sentinel/crds';

/** What is answered to a request for discovery. */
export interface Document {
  readonly contentType: string;
  readonly body: object;
}

const groupVersion = `${EVIDENCE_GROUP}/${EVIDENCE_VERSION}`;
const version = { groupVersion, version: EVIDENCE_VERSION };
const group = { name: EVIDENCE_GROUP, versions: [version], preferredVersion: version };

/**
 * The one resource. It can be read by its name and nothing else: the garbage collector and the namespace controller work only on
 * resources that can be listed and deleted, so neither of them ever asks for it.
 */
const VERBS = ['get'];

const documents: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
  [`/apis/${EVIDENCE_GROUP}`]: { kind: 'APIGroup', apiVersion: 'v1', ...group },
  // Without schemas, which nothing that is only read needs. The API server logs an error every minute if it gets no document.
  '/openapi/v2': { swagger: '2.0', info: { title: 'Sentinel evidence', version: EVIDENCE_VERSION }, paths: {} },
  '/openapi/v3': { paths: {} },
  [`/apis/${groupVersion}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: [{ name: 'evidence', singularName: 'evidence', namespaced: true, kind: 'Evidence', verbs: VERBS }],
  },
};

const aggregated = (discovery: 'v2' | 'v2beta1') => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${discovery}`,
  metadata: {},
  items: [
    {
      metadata: { name: EVIDENCE_GROUP },
      versions: [
        {
          version: EVIDENCE_VERSION,
          freshness: 'Current',
          resources: [
            {
              resource: 'evidence',
              responseKind: { group: EVIDENCE_GROUP, version: EVIDENCE_VERSION, kind: 'Evidence' },
              scope: 'Namespaced',
              singularResource: 'evidence',
              verbs: VERBS,
            },
          ],
        },
      ],
    },
  ],
});

/** The paths that have a discovery document. */
export const discoveryPaths: readonly string[] = Object.keys(documents);

/**
 * The discovery document of a path; undefined if the path has none. At `/apis` the aggregation layer asks for aggregated discovery first
 * (KEP-3352), and falls back to the plain lists where it does not get it.
 */
export function discoveryAt(path: string, accept: string | undefined): Document | undefined {
  const wanted = path === '/apis' ? aggregatedIn(accept ?? '') : undefined;
  if (wanted !== undefined)
    return {
      contentType: `application/json;g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`,
      body: aggregated(wanted),
    };
  const body = Object.hasOwn(documents, path) ? documents[path] : undefined;
  return body && { contentType: 'application/json', body };
}

// Media types in the order of the client, which lists the one that it prefers first.
function aggregatedIn(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const one of accept.split(',')) {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== '*/*') continue;
    const has = (parameter: string) => parameters.includes(parameter);
    if (!has('as=APIGroupDiscoveryList')) {
      if (type === 'application/json') return undefined;
      continue;
    }
    if (!has('g=apidiscovery.k8s.io')) continue;
    if (has('v=v2')) return 'v2';
    if (has('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
}
