import { type LogLine, readLines } from '../logs/index.ts';
import type { ContainerStatus, Pod } from '../objects.ts';
import type { Reader } from './reader.ts';

/** How many Pods of a workload are read, how many lines of each container, and how many bytes. */
const MOST_PODS = 20;
const TAIL_LINES = 5000;
const LIMIT_BYTES = 1024 * 1024;

/**
 * The logs of Pods in the last `seconds`, those of containers before their last restart included. Containers that never started have no log.
 * Pods that are left out are noted as not read.
 */
export async function readLogs(reader: Reader, pods: readonly Pod[], seconds: number): Promise<LogLine[]> {
  const newest = [...pods].sort((a, b) => createdAt(b) - createdAt(a));
  const lines: LogLine[] = [];
  for (const pod of newest.slice(0, MOST_PODS))
    for (const status of pod.status?.containerStatuses ?? [])
      for (const previous of instancesOf(status))
        lines.push(...(await readOne(reader, pod, status.name ?? '', previous, seconds)));
  if (newest.length > MOST_PODS)
    reader.unread.push({ what: `logs of ${newest.length - MOST_PODS} Pods`, reason: `only the newest ${MOST_PODS} are read` });
  return lines;
}

const createdAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;

// The instance that runs or ran last, and the one before it.
function instancesOf({ state, restartCount = 0 }: ContainerStatus): boolean[] {
  if (restartCount > 0) return [true, false];
  return state?.waiting === undefined ? [false] : [];
}

async function readOne(reader: Reader, pod: Pod, container: string, previous: boolean, seconds: number): Promise<LogLine[]> {
  const { namespace = '', name = '' } = pod.metadata;
  const query = {
    container,
    sinceSeconds: seconds,
    timestamps: true,
    tailLines: TAIL_LINES,
    limitBytes: LIMIT_BYTES,
    ...(previous && { previous: true }),
  };
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
  const read = async () =>
    (await reader.client.raw({ method: 'GET', path, query, headers: { accept: '*/*' } })).body.toString('utf8');
  // The kubelet may have removed the log of an earlier instance; that is not known before it is asked.
  const log = previous
    ? await read().catch(() => '')
    : await reader.attempt(`log of container ${container} in Pod ${name}`, read);
  return readLines(log ?? '', name, container);
}
