import type { Transport } from '@sentinel/kube';
import { z } from 'zod';
import { forbidden } from './refused.ts';

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) })),
});
const ServiceList = z.object({
  items: z.array(
    z.object({ spec: z.object({ group: z.string().default(''), version: z.string(), service: z.object({}).nullish() }) }),
  ),
});

/** What the API server says of a resource or subresource. */
export interface ResourceInfo {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Whether the resource has a status subresource: then a write to the resource itself leaves the status alone. */
  readonly hasStatus: boolean;
}

const FRESH_MS = 30_000;

/** What resources the API server has, asked for at most every 30 seconds for each group and version. */
export class Discovery {
  readonly #transport: Transport;
  readonly #lists = new Map<string, { at: number; resources: ReadonlyMap<string, ResourceInfo> }>();
  #aggregated: { at: number; groups: ReadonlySet<string> } | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The resource `name` (`deployments`, `deployments/scale`). Throws Refused when there is none, or when another server answers for its group. */
  async find(group: string, version: string, name: string): Promise<ResourceInfo> {
    if ((await this.#aggregatedGroups()).has(`${group}/${version}`))
      throw forbidden(`the API '${group}/${version}' is served by another server, which need not honour a dry-run`);
    const found = (await this.#resources(group, version)).get(name);
    if (!found) throw forbidden(`'${name}' is no resource of '${group === '' ? version : `${group}/${version}`}'`);
    return found;
  }

  async #resources(group: string, version: string): Promise<ReadonlyMap<string, ResourceInfo>> {
    const key = `${group}/${version}`;
    const cached = this.#lists.get(key);
    if (cached && Date.now() - cached.at < FRESH_MS) return cached.resources;
    const path =
      group === '' ? `/api/${encodeURIComponent(version)}` : `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`;
    const answer = await this.#transport.request({ method: 'GET', path });
    if (answer.status !== 200) throw forbidden(`the API '${key}' is not known`);
    const { resources } = ResourceList.parse(JSON.parse(answer.body.toString('utf8')));
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
    if (answer.status !== 200) throw forbidden('the list of aggregated APIs can not be read, so nothing is sent on');
    const { items } = ServiceList.parse(JSON.parse(answer.body.toString('utf8')));
    const groups = new Set(items.filter(({ spec }) => spec.service).map(({ spec }) => `${spec.group}/${spec.version}`));
    this.#aggregated = { at: Date.now(), groups };
    return groups;
  }
}
