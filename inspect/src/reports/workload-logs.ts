import { podFindings, workloadFindings } from '../health/index.ts';
import { clusterFindings, clusterLines, compareRollout } from '../logs/index.ts';
import { type Pod, referTo, type Workload } from '../objects.ts';
import { kinds } from '../read/kinds.ts';
import { readLogs } from '../read/read-logs.ts';
import { readWorkload } from '../read/read-workload.ts';
import { UsageError } from '../usage-error.ts';
import type { Content, Request } from './request.ts';

const HASH = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';

/** Error clusters in the logs of a workload, beside what Kubernetes reports about it. */
export async function workloadLogs(request: Request): Promise<Content> {
  const { reader, namespace, now, windowMs } = request;
  const { workload, pods } = await readWorkload(reader, namespace, needed(request.workload));
  const subject = referTo(workload);
  const lines = await readLogs(reader, pods, windowMs / 1000);
  const state = [...workloadFindings([workload]), ...podFindings(pods, now)];
  return {
    report: 'LogAnalysis',
    subject,
    findings: [...state, ...clusterFindings(subject, clusterLines(lines))],
    hasWindow: true,
  };
}

/** What the last rollout of a Deployment changed in its errors. */
export async function rolloutLogs(request: Request): Promise<Content> {
  const { reader, namespace, now, windowMs } = request;
  const { workload, pods } = await readWorkload(reader, namespace, needed(request.workload));
  if (workload.kind !== 'Deployment') throw new UsageError('--workload must be deployment/NAME: only Deployments keep revisions');
  const subject = referTo(workload);
  const sets = await reader.list(kinds.replicasets, { namespace });
  const newest = newestHash(workload, sets);
  const isNew = (pod: Pod) => pod.metadata.labels?.[HASH] === newest;
  const seconds = windowMs / 1000;
  const before = clusterLines(
    await readLogs(
      reader,
      pods.filter((pod) => !isNew(pod)),
      seconds,
    ),
  );
  const after = clusterLines(await readLogs(reader, pods.filter(isNew), seconds));
  const state = [...workloadFindings([workload]), ...podFindings(pods, now)];
  return { report: 'RolloutLogs', subject, findings: [...state, ...compareRollout(subject, before, after)], hasWindow: true };
}

function needed(workload: string | undefined): string {
  if (workload === undefined) throw new UsageError('--workload is required, such as --workload=deployment/web');
  return workload;
}

/** The hash of the ReplicaSet with the highest revision of a Deployment; undefined if it has none yet. */
export function newestHash(deployment: Workload, sets: readonly Workload[]): string | undefined {
  const own = sets.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid));
  const revision = ({ metadata }: Workload) => Number(metadata.annotations?.[REVISION] ?? 0);
  return own.sort((a, b) => revision(b) - revision(a))[0]?.metadata.labels?.[HASH];
}
