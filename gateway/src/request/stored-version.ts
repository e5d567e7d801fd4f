import type { Transport, TransportRequest } from '@sentinel/kube';
import { z } from 'zod';
import type { Discovery } from './discovery.ts';
import { parsePath, type Target } from './path.ts';
import { readAs } from './read-answer.ts';
import { forbidden, Refused } from './refused.ts';

const Definition = z.object({
  spec: z.object({ versions: z.array(z.object({ name: z.string(), served: z.boolean(), storage: z.boolean() })) }),
});
type Versions = z.infer<typeof Definition>['spec']['versions'];
type Resource = Pick<Target & { kind: 'resource' }, 'group' | 'version' | 'resource'>;

/** A real write is sent within a second after the check whether it may be sent (enforce-write.ts). */
const REAL_MS = 400;
const DRY_RUN_MS = 10_000;

/**
 * The version in which a resource may be written. A write in another version than the storage version converts the whole object there and back:
 * fields that the other version does not have are deleted, and no response in that version shows it. So a custom resource is written in the
 * storage version of its CustomResourceDefinition, read again for each write, and everything else in the preferred version of its group.
 */
export class StoredVersions {
  readonly #transport: Transport;
  readonly #discovery: Pick<Discovery, 'preferredVersion'>;

  constructor(transport: Transport, discovery: Pick<Discovery, 'preferredVersion'>) {
    this.#transport = transport;
    this.#discovery = discovery;
  }

  /** Why a request must not be sent because of its version; undefined for reads and for writes that may be. */
  async refusal({ method, path }: Pick<TransportRequest, 'method' | 'path'>): Promise<Refused | undefined> {
    if (method === 'GET') return undefined;
    const [pathname = '', query = ''] = path.split('?');
    const target = parsePath(pathname);
    if (target.kind !== 'resource') return forbidden('PathNotAllowed', 'a write must name a resource');
    // Only groups with a dot can have a CustomResourceDefinition.
    if (target.group.includes('.')) {
      const definition = await this.#definition(target, query.includes('dryRun=All') ? DRY_RUN_MS : REAL_MS);
      if (definition instanceof Refused) return definition;
      if (definition) return judgeCustom(target, definition);
    }
    return judgeBuiltIn(target, await this.#discovery.preferredVersion(target.group, target.resource));
  }

  async #definition({ group, resource }: Resource, timeoutMs: number): Promise<Versions | Refused | undefined> {
    const name = `${resource}.${group}`;
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${encodeURIComponent(name)}`;
    const answer = await this.#transport.request({ method: 'GET', path, timeoutMs });
    if (answer.status === 404) return undefined;
    const cannot = (why: string) =>
      `the CustomResourceDefinition '${name}' could not be fetched (${why}), so the storage version is not known and nothing is written`;
    if (answer.status === 429 || answer.status >= 500)
      return new Refused(503, 'ApiVersionUnknown', `${cannot(`HTTP ${answer.status}`)}: send the request again`);
    if (answer.status !== 200) return forbidden('ApiVersionUnknown', cannot(`HTTP ${answer.status}`));
    try {
      return readAs(Definition, answer.body, 'a CustomResourceDefinition').spec.versions;
    } catch {
      return forbidden('ApiVersionUnknown', cannot('it has no versions'));
    }
  }
}

/** Why a custom resource must not be written in a version; undefined when it may be. */
export function judgeCustom({ group, version, resource }: Resource, versions: Versions): Refused | undefined {
  const stored = versions.find(({ storage }) => storage);
  if (stored?.name === version) return undefined;
  const name = `${resource}.${group}`;
  if (!stored?.served)
    return forbidden(
      'ApiVersionNotAllowed',
      `'${name}' is stored as version '${stored?.name ?? 'unknown'}', which is not served, and a write as '${version}' could delete fields that '${version}' does not have. An admin must serve the storage version first (CustomResourceDefinition '${name}')`,
    );
  return refuse({ group, version, resource }, stored.name, 'is stored');
}

/** Why a resource of the API server itself must not be written in a version; undefined when it may be. */
export function judgeBuiltIn(target: Resource, preferred: string | undefined): Refused | undefined {
  if (preferred === target.version) return undefined;
  if (preferred === undefined)
    return forbidden(
      'ApiVersionUnknown',
      `the preferred version of '${target.resource}' in the API group '${target.group}' is not known`,
    );
  return refuse(target, preferred, 'is preferred by the API server');
}

function refuse({ group, version, resource }: Resource, wanted: string, why: string): Refused {
  const name = (one: string) => `${resource}.${one}.${group}`;
  return forbidden(
    'ApiVersionNotAllowed',
    `'${resource}.${group}' must be written as version '${wanted}', which ${why}: a write as '${version}' could change fields that '${version}' does not show. Name the version, for example 'kubectl patch ${name(wanted)} NAME …' instead of '${name(version)}', or set 'apiVersion: ${group}/${wanted}' in the manifest`,
  );
}
