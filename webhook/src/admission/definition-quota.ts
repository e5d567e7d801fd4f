import { type AgentPolicy, agentPolicies, annotations, type Playbook, playbooks } from '@sentinel/crds';
import {
  createMeasuringInformer,
  type Informer,
  type KubeClient,
  type Logger,
  type Measured,
  NamespaceSums,
  storedSize,
} from '@sentinel/kube';
import {
  type DefinitionFault,
  type DefinitionKind,
  type DefinitionUse,
  isSuspension,
  judgeDefinition,
  saysNothing,
  type WebhookErrorCode,
} from '@sentinel/policy';
import { type AdmissionRequest, type AdmittedObject, Denied } from './review.ts';
import { nameOf, type Unseen, UnseenAdmissions } from './unseen.ts';

type MeasuredDefinition = Measured<{ readonly specBytes: number }>;
type Counted = Pick<Informer<MeasuredDefinition>, 'store' | 'healthy' | 'onChange'>;

export interface DefinitionSources {
  readonly Playbook: Counted;
  readonly AgentPolicy: Counted;
}

/** The informers that the quota of Playbooks and AgentPolicies counts by, not yet started. They hold sizes alone. */
export function definitionInformers(client: KubeClient, logger: Logger) {
  const common = { client, logger };
  return {
    Playbook: createMeasuringInformer({ ...common, resource: playbooks }, measure),
    AgentPolicy: createMeasuringInformer({ ...common, resource: agentPolicies }, measure),
  };
}

/** What a definition takes: programs keep no field managers, and the update that gives or withdraws trust adds one. */
export function measure(object: Playbook | AgentPolicy): { readonly bytes: number; readonly specBytes: number } {
  const { managedFields: _, ...metadata } = object.metadata as Playbook['metadata'] & { readonly managedFields?: unknown };
  return { bytes: storedSize({ ...object, metadata }), specBytes: sizeOf(object.spec) };
}

const KINDS = ['Playbook', 'AgentPolicy'] as const satisfies readonly DefinitionKind[];
const CODES: Readonly<Record<DefinitionKind, Readonly<Record<DefinitionFault['exceeded'], WebhookErrorCode>>>> = {
  Playbook: { count: 'PlaybookQuotaExceeded', bytes: 'PlaybookQuotaExceeded', total: 'PlaybookQuotaExceeded' },
  AgentPolicy: { count: 'PolicyQuotaExceeded', bytes: 'PolicySizeExceeded', total: 'PolicyQuotaExceeded' },
};

/** What is added up of a namespace: each kind by number and by the bytes that its limit counts, and what both are stored with. */
const COUNTED = ['stored', 'Playbook count', 'Playbook bytes', 'AgentPolicy count', 'AgentPolicy bytes'] as const;

interface UnseenDefinition extends Unseen {
  readonly kind: DefinitionKind;
  readonly isNew: boolean;
  readonly specBytes: number;
}

/**
 * Counts the Playbooks and AgentPolicies of each namespace where they are written: their number and size are in the memory of every program.
 * What was just admitted counts until the cache shows it. Replicas do not see at once what the others admit, so a limit may be exceeded by
 * what they do within some milliseconds.
 */
export class DefinitionQuota {
  readonly #sources: DefinitionSources;
  readonly #total: number;
  readonly #unseen: UnseenAdmissions<UnseenDefinition>;
  readonly #sums = new NamespaceSums(COUNTED);

  /** `total` is what the definitions of all namespaces may have together, in bytes. */
  constructor(sources: DefinitionSources, total: number, now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#total = total;
    this.#unseen = new UnseenAdmissions(now);
    for (const kind of KINDS) {
      this.#sums.follow(sources[kind], (one) => ({
        stored: one.bytes,
        [`${kind} count`]: 1,
        [`${kind} bytes`]: countedBytes(kind, one),
      }));
      sources[kind].onChange(({ type, object: { metadata } }) => {
        const isOne = (one: UnseenDefinition) => one.kind === kind;
        if (type !== 'delete') this.#unseen.see(metadata.namespace ?? '', metadata.name ?? '', isOne);
      });
    }
  }

  /**
   * Throws Denied for one more definition than a namespace may have, or for a larger one than there is room for; else it counts from now on,
   * unless the request is a dry-run. What does not grow is always admitted, and what cannot be counted is refused.
   */
  require(kind: DefinitionKind, { object, oldObject, namespace, dryRun }: AdmissionRequest, address: string): void {
    if (!object || (oldObject && !isGrowing(kind, object, oldObject) && !isFilled(kind, object, oldObject))) return;
    if (!KINDS.every((one) => this.#sources[one].healthy()))
      throw new Denied(
        'DefinitionsNotCounted',
        'the Playbooks and policies of the namespace cannot be counted now, because the API server cannot be watched: try again in some seconds',
      );
    const named = nameOf(object.metadata);
    const [stored, specBytes] = [storedSize(object), sizeOf(object.spec)];
    const use = this.#use(kind, namespace, { ...named, address });
    const bytes = countedBytes(kind, { bytes: stored, specBytes });
    const fault = judgeDefinition(kind, namespace, use, { bytes, stored, isSuspension: isSuspension(object.spec) });
    if (fault) throw new Denied(CODES[kind][fault.exceeded], fault.message);
    const isNew = !oldObject || !this.#stored(kind, namespace, named.name);
    const admitted = { kind, namespace, ...named, isNew, bytes: stored, specBytes, address };
    if (!dryRun) this.#unseen.add(admitted, (other) => other.kind === kind);
  }

  /** What was admitted is refused after all: it does not count any more. */
  release(kind: DefinitionKind, { object, namespace }: AdmissionRequest, address: string): void {
    const isOne = (one: UnseenDefinition) => one.kind === kind && one.address === address;
    this.#unseen.see(namespace, object?.metadata.name ?? '', isOne);
  }

  // Without the object that is written: it is counted as it will be.
  #use(
    kind: DefinitionKind,
    namespace: string,
    written: { readonly name: string; readonly isPrefix: boolean; readonly address: string },
  ): DefinitionUse {
    const isWritten = (one: UnseenDefinition) =>
      !written.isPrefix && !one.isPrefix && one.namespace === namespace && one.kind === kind && one.name === written.name;
    const before = written.isPrefix ? undefined : this.#stored(kind, namespace, written.name);
    const unseen = this.#unseen
      .of(written.address)
      .map((one) => this.#beyondStored(one))
      .filter((one) => !isWritten(one));
    const own = unseen.filter((one) => one.namespace === namespace);
    const alike = own.filter((one) => one.kind === kind);
    const [all, stored] = [this.#sums.all, this.#sums.of(namespace)];
    return {
      count: stored[`${kind} count`] - (before ? 1 : 0) + alike.filter(({ isNew }) => isNew).length,
      bytes:
        stored[`${kind} bytes`] + sumOf(alike.map((one) => countedBytes(kind, one))) - (before ? countedBytes(kind, before) : 0),
      own: stored.stored + sumOf(own.map(({ bytes }) => bytes)) - (before?.bytes ?? 0),
      used: all.stored + sumOf(unseen.map(({ bytes }) => bytes)) - (before?.bytes ?? 0),
      takers: this.#sums.namespacesWith([namespace, ...unseen.map((one) => one.namespace)]),
      total: this.#total,
    };
  }

  #stored(kind: DefinitionKind, namespace: string, name: string): MeasuredDefinition | undefined {
    return this.#sources[kind].store.get(`${namespace}/${name}`);
  }

  // The API server does not create what exists, and of an update only what it adds is not counted yet.
  #beyondStored(one: UnseenDefinition): UnseenDefinition {
    const stored = one.isPrefix ? undefined : this.#stored(one.kind, one.namespace, one.name);
    if (!stored) return one;
    const added = (admitted: number, before: number) => (one.isNew ? 0 : Math.max(0, admitted - before));
    return { ...one, isNew: false, bytes: added(one.bytes, stored.bytes), specBytes: added(one.specBytes, stored.specBytes) };
  }
}

const countedBytes = (kind: DefinitionKind, { bytes, specBytes }: { readonly bytes: number; readonly specBytes: number }) =>
  kind === 'Playbook' ? bytes : specBytes;

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

const sizeOf = (spec: unknown): number => Buffer.byteLength(JSON.stringify(spec ?? null));

// A policy that only suspended may be beyond the limit of others, and becomes one of them.
const isFilled = (kind: DefinitionKind, now: AdmittedObject, before: AdmittedObject): boolean =>
  kind === 'AgentPolicy' && saysNothing(before.spec) && !saysNothing(now.spec);

// The size of a spec is asked by itself: a policy could be written with long annotations, and then with a long spec in their place.
function isGrowing(kind: DefinitionKind, now: AdmittedObject, before: AdmittedObject): boolean {
  const [young, old] = [withoutSwitch(now), withoutSwitch(before)];
  return writtenSize(kind, young) > writtenSize(kind, old) || (kind === 'AgentPolicy' && sizeOf(young.spec) > sizeOf(old.spec));
}

// The kill switch can be turned on and off in a full namespace.
function withoutSwitch(object: AdmittedObject): AdmittedObject {
  const { suspended, ...spec } = (object.spec ?? {}) as { readonly suspended?: unknown };
  return typeof suspended === 'boolean' ? { ...object, spec } : object;
}

// Trust and standing approvals must be given and withdrawn in a full namespace as well. Policies inside the API server check their form, so
// nobody can pad them. The request for one is never stored.
function writtenSize(kind: DefinitionKind, { metadata, spec }: AdmittedObject): number {
  const unstored: readonly string[] = [annotations.trust, annotations.standing, annotations.decision, annotations.comment];
  const others = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !unstored.includes(key)));
  const counted = kind === 'Playbook' ? others : (metadata.annotations ?? {});
  return storedSize({ labels: metadata.labels ?? {}, annotations: counted, spec });
}
