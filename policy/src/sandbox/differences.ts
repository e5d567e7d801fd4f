import { type MetadataOf, mayAddAnnotation, mayAddLabel } from './added-metadata.ts';
import { describeDifference, type FieldDifference } from './describe-difference.ts';
import type { JobIdentity } from './field-checks.ts';
import type { FieldPath } from './field-manager.ts';
import { isSameQuantity } from './quantity.ts';
import type { SandboxJob } from './sandbox-job.ts';
import { type ToleratedFields, toleratedInJobs, toleratedInPods } from './tolerated-fields.ts';

interface Metadata {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** An object as the API server answers with it. */
interface Found {
  readonly metadata: Metadata & {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
  };
  readonly [field: string]: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Differences between a Job and the rendered one: an altered container, volume, variable, or label of its pods. Each is one sentence: the field,
 * its value, and its field manager. Empty if there are only accepted additions, according to the table `toleratedInJobs`.
 */
export function jobDifferences(rendered: SandboxJob, job: Found): string[] {
  const identity = { name: job.metadata.name ?? '', uid: job.metadata.uid ?? '' };
  const [{ metadata: wantedMetadata, ...wanted }, { metadata: foundMetadata, ...found }] = [
    templateOf(rendered.spec),
    templateOf(job.spec),
  ];
  const by = { tolerated: toleratedInJobs, job: identity };
  return [
    ...(['name', 'namespace'] as const).flatMap((field) =>
      compare(rendered.metadata[field], job.metadata[field], by, ['metadata', field]),
    ),
    ...metadataDifferences(rendered.metadata, job.metadata, { of: 'Job', job: identity, path: ['metadata'] }),
    ...metadataDifferences(wantedMetadata, foundMetadata, { of: 'template', job: identity, path: TEMPLATE_METADATA }),
    ...compare(restOf(wantedMetadata), restOf(foundMetadata), by, TEMPLATE_METADATA),
    ...compare(
      { ...rendered.spec, template: wanted },
      isRecord(job.spec) && 'template' in job.spec ? { ...job.spec, template: found } : job.spec,
      by,
      ['spec'],
    ),
  ].map((difference) => describeDifference(job, difference));
}

/** Where a pod is not the one that its Job was rendered for. Empty when there is only what `toleratedInPods` names beside it. */
export function podDifferences(rendered: SandboxJob, pod: Found): string[] {
  const { metadata, spec } = rendered.spec.template;
  const job = { name: '', uid: '' };
  return [
    ...metadataDifferences(metadata, pod.metadata, { of: 'pod', job, path: ['metadata'] }),
    ...compare(spec, pod.spec, { tolerated: toleratedInPods, job }, ['spec']),
  ].map((difference) => describeDifference(pod, difference));
}

/**
 * A rendered Job as it may be found later: released, and with less time than is rendered now, because policies may have changed since
 * it was made.
 */
export function asReleased(rendered: SandboxJob, job: Found): SandboxJob {
  const { activeDeadlineSeconds: given, suspend } = (job.spec ?? {}) as { activeDeadlineSeconds?: unknown; suspend?: unknown };
  const { activeDeadlineSeconds: most } = rendered.spec;
  const activeDeadlineSeconds = typeof given === 'number' && given > 0 && given < most ? given : most;
  return { ...rendered, spec: { ...rendered.spec, suspend: suspend === true, activeDeadlineSeconds } };
}

const TEMPLATE_METADATA = ['spec', 'template', 'metadata'];

function templateOf(spec: unknown): { metadata: Metadata; [field: string]: unknown } {
  const template = isRecord(spec) && isRecord(spec.template) ? spec.template : {};
  return { ...template, metadata: isRecord(template.metadata) ? template.metadata : {} };
}

const restOf = ({ labels, annotations, ...rest }: Metadata): object => rest;

interface MetadataPlace {
  readonly of: MetadataOf;
  readonly job: JobIdentity;
  readonly path: FieldPath;
}

// Controllers, policies and network plugins put labels and annotations of their own on a Job or a pod. Those that were rendered must be
// there; what Sentinel, a runtime or a network plugin reads must be what was rendered.
function metadataDifferences(rendered: Metadata, found: Metadata, { of, job, path }: MetadataPlace): FieldDifference[] {
  const mayAdd = {
    labels: (key: string, value: string) => mayAddLabel(key, value, job),
    annotations: (key: string, value: string) => mayAddAnnotation(key, value, of),
  };
  return (['labels', 'annotations'] as const).flatMap((field) => {
    const [wanted, given] = [rendered[field] ?? {}, found[field] ?? {}];
    return [...new Set([...Object.keys(wanted), ...Object.keys(given)])]
      .filter((key) => wanted[key] !== given[key] && (key in wanted || !mayAdd[field](key, given[key] ?? '')))
      .map((key) => ({ path: [...path, field, key], wanted: wanted[key], found: given[key] }));
  });
}

interface Comparison {
  readonly tolerated: ToleratedFields;
  readonly job: JobIdentity;
}

function compare(wanted: unknown, found: unknown, by: Comparison, path: FieldPath): FieldDifference[] {
  if (wanted === found || isSameResource(wanted, found, path)) return [];
  if (found !== undefined && by.tolerated[genericPath(path)]?.(found, { job: by.job, wanted })) return [];
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length)
    return wanted.flatMap((entry, index) => compare(entry, found[index], by, [...path, index]));
  // If nothing was rendered, the fields of what was added are judged one by one.
  if (isRecord(found) && (isRecord(wanted) || (wanted === undefined && isDivided(by.tolerated, path))))
    return [...new Set([...Object.keys(wanted ?? {}), ...Object.keys(found)])].flatMap((key) =>
      compare(isRecord(wanted) ? wanted[key] : undefined, found[key], by, [...path, key]),
    );
  return [{ path, wanted, found }];
}

const genericPath = (path: FieldPath) =>
  path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .slice(1);

const isDivided = (tolerated: ToleratedFields, path: FieldPath) =>
  Object.keys(tolerated).some((field) => field.startsWith(`${genericPath(path)}.`));

function isSameResource(wanted: unknown, found: unknown, path: FieldPath): boolean {
  if (typeof wanted !== 'string' || typeof found !== 'string') return false;
  return /\.(limits|requests)\.(cpu|memory|ephemeral-storage)$/.test(genericPath(path)) && isSameQuantity(wanted, found);
}
