import type { Finding } from '@sentinel/findings';
import { nodeFindings, phaseFindings, podFindings } from '../health/index.ts';
import { kinds } from '../read/kinds.ts';
import type { Content, Request } from './request.ts';

const ALL = '*';

/** The health of the cluster: nodes, namespaces, volumes, and Pods in trouble by namespace. */
export async function clusterHealth({ reader, namespace, now, namespaces }: Request): Promise<Content> {
  const found = await reader.list(kinds.namespaces);
  const wanted = namespaces.length === 0 ? [namespace] : namespaces;
  const names = wanted.includes(ALL) ? found.map(({ metadata }) => metadata.name ?? '').sort() : wanted;
  const findings: Finding[] = [
    ...nodeFindings(await reader.list(kinds.nodes)),
    ...phaseFindings([...found, ...(await reader.list(kinds.volumes))], now),
  ];
  // One after the other: of each list only the findings stay in memory.
  for (const name of names) findings.push(...podFindings(await reader.list(kinds.pods, { namespace: name }), now));
  return { report: 'ClusterHealth', subject: { kind: 'Cluster', name: 'this cluster' }, findings, hasWindow: false };
}
