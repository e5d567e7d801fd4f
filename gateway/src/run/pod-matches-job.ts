import type { AnyObject } from '@sentinel/kube';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Fields of a pod that the API server, its built-in admission plugins and the scheduler fill in beside the template of its Job: the
 * ServiceAccount, Priority and DefaultTolerationSeconds plugins, pod defaulting, and the binding to a node.
 */
const assigned = new Set([
  'deprecatedServiceAccount',
  'nodeName',
  'preemptionPolicy',
  'priority',
  'priorityClassName',
  'schedulerName',
  'serviceAccount',
  'tolerations',
]);

/**
 * Where a pod is not what its Job's template says: something changed a command, an image, a variable, a volume on its way. Empty when
 * only what Kubernetes itself assigns was added. A pod that differs is not served.
 */
export function podDifferences(job: AnyObject, pod: AnyObject): string[] {
  const template = ((job.spec ?? {}) as { template?: { spec?: unknown } }).template?.spec;
  if (template === undefined) return ['the Job has no template'];
  return compare(template, pod.spec, 'spec');
}

function compare(wanted: unknown, found: unknown, path: string): string[] {
  if (Array.isArray(wanted) && Array.isArray(found)) {
    if (wanted.length !== found.length) return [`${path} has ${found.length} entries instead of ${wanted.length}`];
    return wanted.flatMap((entry, index) => compare(entry, found[index], `${path}[${index}]`));
  }
  if (isRecord(wanted) && isRecord(found)) {
    const kept = Object.keys(wanted).flatMap((key) => compare(wanted[key], found[key], `${path}.${key}`));
    const added = Object.keys(found).filter((key) => !Object.hasOwn(wanted, key) && !(path === 'spec' && assigned.has(key)));
    return [...kept, ...added.map((key) => `${path}.${key} was added`)];
  }
  return JSON.stringify(wanted) === JSON.stringify(found) ? [] : [`${path} is not what the Job says`];
}
