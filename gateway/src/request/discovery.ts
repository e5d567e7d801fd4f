import { EVIDENCE_GROUP } from '@sentinel/crds';
import type { Transport } from '@sentinel/kube';
import { z } from 'zod';
import { readAs } from './read-answer.ts';
import { forbidden, type Refused, TryAgain } from './refused.ts';

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) })),
});
const Group = z.object({ versions: z.array(z.object({ version: z.string() })) });
const ServiceList = z.object({
  items: z.array(
    z.object({ spec: z.object({ group: z.string().default(''), version: z.string(), service: z.object({}).nullish() }) }),
  ),
});

const AggregatedDiscovery = z.object({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().default('') }).default({ name: '' }),
      versions: z
        .array(
          z.object({
            version: z.string(),
            freshness: z.string().optional(),
            resources: z
              .array(
                z.object({
                  resource: z.string(),
                  responseKind: z.object({ kind: z.string() }).optional(),
                  scope: z.string(),
                  verbs: z.array(z.string()).default([]),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** A resource whose objects the garbage collector deletes when their owners are gone. */
export interface DeletableResource {
  readonly apiGroup: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** All of them, and why there may be more. */
export interface DeletableResources {
  readonly resources: readonly DeletableResource[];
  readonly incomplete: readonly string[];
}

/** What the garbage collector needs to work on a resource: discovery.SupportsAllVerbs in controller/garbagecollector. */
const COLLECTED = ['delete', 'list', 'watch'];
/** Resources that it leaves alone: controller/garbagecollector DefaultIgnoredResources. */
const NOT_COLLECTED = new Set(['/events', 'events.k8s.io/events']);

/** The discovery information about a resource or subresource. */
export interface ResourceInfo {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Whether the resource has a status subresource: then a write to the resource itself leaves the status alone. */
  readonly hasStatus: boolean;
}

const FRESH_MS = 30_000;

/**
 * APIs of other servers that may be read. The one of resource metrics (`kubectl top`) has nothing but get and list; whether a run may
 * read it is decided by policy and RBAC, as for any resource. Adapters of custom metrics pass a request on to systems outside.
 */
const READABLE = new Set(['metrics.k8s.io']);

/** Discovery of the resources of the API server, cached for 30 seconds for each group and version. */
export class Discovery {
  readonly #transport: Transport;
  readonly #lists = new Map<string, { at: number; resources: ReadonlyMap<string, ResourceInfo> }>();
  readonly #versions = new Map<string, { at: number; versions: readonly string[] }>();
  #aggregated: { at: number; groups: ReadonlySet<string> } | undefined;
  #deletable: { at: number; found: DeletableResources } | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * The resource `name` (`deployments`, `deployments/scale`), to send a request with this method. Throws Refused when there is none, or
   * when another server answers for its group, unless it is one that may be read.
   */
  async find(group: string, version: string, name: string, method: string): Promise<ResourceInfo> {
    const reads = method === 'GET' && READABLE.has(group);
    if (!reads && (await this.#aggregatedGroups()).has(`${group}/${version}`))
      throw forbidden(
        'AggregatedApiNotAllowed',
        `the API '${group}/${version}' is served by another server, which need not honour a dry-run`,
      );
    const found = (await this.#resources(group, version)).get(name);
    if (!found)
      throw forbidden('ResourceUnknown', `'${name}' is not a resource of '${group === '' ? version : `${group}/${version}`}'`);
    return found;
  }

  /** The version that the API server prefers among those of a group that have the resource; undefined when none has it. */
  async preferredVersion(group: string, resource: string): Promise<string | undefined> {
    // The versions of a group are listed in the order of preference.
    for (const version of await this.#versionsOf(group))
      if ((await this.#resources(group, version)).has(resource)) return version;
    return undefined;
  }

  /** The resources that the garbage collector works on, each in its preferred version. */
  async deletable(): Promise<DeletableResources> {
    if (this.#deletable && Date.now() - this.#deletable.at < FRESH_MS) return this.#deletable.found;
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const answers = await Promise.all(
      ['/api', '/apis'].map((path) => this.#transport.request({ method: 'GET', path, headers: { accept } })),
    );
    const found = answers.map(({ status, body }) =>
      status === 200 ? AggregatedDiscovery.safeParse(JSON.parse(body.toString('utf8'))).data : undefined,
    );
    if (found.some((one) => one === undefined))
      return { resources: [], incomplete: ['the kinds of the cluster could not be fetched'] };
    const deletable = deletableOf(found.flatMap((one) => one?.items ?? []));
    this.#deletable = { at: Date.now(), found: deletable };
    return deletable;
  }

  async #versionsOf(group: string): Promise<readonly string[]> {
    if (group === '') return ['v1'];
    const cached = this.#versions.get(group);
    if (cached && Date.now() - cached.at < FRESH_MS) return cached.versions;
    const answer = await this.#transport.request({ method: 'GET', path: `/apis/${encodeURIComponent(group)}` });
    if (answer.status !== 200) throw notServed(answer.status, `the API group '${group}'`);
    const versions = readAs(Group, answer.body, 'an API group').versions.map(({ version }) => version);
    this.#versions.set(group, { at: Date.now(), versions });
    return versions;
  }

  async #resources(group: string, version: string): Promise<ReadonlyMap<string, ResourceInfo>> {
    const key = `${group}/${version}`;
    const cached = this.#lists.get(key);
    if (cached && Date.now() - cached.at < FRESH_MS) return cached.resources;
    const path =
      group === '' ? `/api/${encodeURIComponent(version)}` : `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`;
    const answer = await this.#transport.request({ method: 'GET', path });
    if (answer.status !== 200) throw notServed(answer.status, `the API '${key}'`);
    const { resources } = readAs(ResourceList, answer.body, 'a list of resources');
    const names = new Set(resources.map(({ name }) => name));
    const byName = new Map(
      resources.map(({ name, ...info }) => [name, { ...info, hasStatus: names.has(`${name.split('/')[0]}/status`) }]),
    );
    this.#lists.set(key, { at: Date.now(), resources: byName });
    return byName;
  }

  async #aggregatedGroups(): Promise<ReadonlySet<string>> {
    if (this.#aggregated && Date.now() - this.#aggregated.at < FRESH_MS) return this.#aggregated.groups;
    const answer = await this.#transport.request({ method: 'GET', path: '/apis/apiregistration.k8s.io/v1/apiservices' });
    if (answer.status !== 200)
      throw forbidden('AggregatedApiNotAllowed', 'the list of aggregated APIs could not be fetched, so nothing is sent on');
    const { items } = readAs(ServiceList, answer.body, 'a list of APIServices');
    const groups = new Set(items.filter(({ spec }) => spec.service).map(({ spec }) => `${spec.group}/${spec.version}`));
    this.#aggregated = { at: Date.now(), groups };
    return groups;
  }
}

function deletableOf(groups: z.infer<typeof AggregatedDiscovery>['items']): DeletableResources {
  const found = new Map<string, DeletableResource>();
  const stale: string[] = [];
  for (const { metadata, versions } of groups) {
    const apiGroup = metadata.name;
    // The versions of a group are listed in the order of preference.
    for (const { version, freshness, resources } of versions) {
      // The group of the evidence store has nothing that is collected, so what goes with an object is known without it.
      if (freshness === 'Stale' && apiGroup !== EVIDENCE_GROUP) stale.push(`${apiGroup}/${version}`);
      for (const { resource, responseKind, scope, verbs } of resources) {
        const key = `${apiGroup}/${resource}`;
        if (found.has(key) || NOT_COLLECTED.has(key) || !COLLECTED.every((verb) => verbs.includes(verb))) continue;
        found.set(key, { apiGroup, version, resource, kind: responseKind?.kind ?? resource, namespaced: scope === 'Namespaced' });
      }
    }
  }
  const incomplete = stale.length === 0 ? [] : [`the kinds of ${stale.slice(0, 4).join(', ')} could not be fetched`];
  return { resources: [...found.values()], incomplete };
}

// Only the API server can say that an API does not exist: while it cannot, the same request may succeed in a moment.
const notServed = (status: number, what: string): Refused =>
  status === 404 || status === 403
    ? forbidden('ResourceUnknown', `${what} is not known`)
    : new TryAgain(
        'ApiServerUnavailable',
        `the API server does not say now what ${what} has (HTTP ${status}): send the request again`,
      );
