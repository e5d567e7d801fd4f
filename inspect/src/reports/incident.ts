import { type AgentAction, agentActions } from '@sentinel/crds';
import type { Moment } from '@sentinel/findings';
import { podFindings, workloadFindings } from '../health/index.ts';
import {
  actionFindings,
  actionMoments,
  changeBeforeTrouble,
  decisionMoments,
  eventMoments,
  hasOnlyRead,
  isActive,
  logMoments,
  rolloutMoments,
  type Window,
} from '../incident/index.ts';
import { clusterFindings, clusterLines } from '../logs/index.ts';
import { referTo } from '../objects.ts';
import { kinds } from '../read/kinds.ts';
import { readLogs } from '../read/read-logs.ts';
import { readWorkload } from '../read/read-workload.ts';
import type { Content, Request } from './request.ts';

/** A timeline of an incident: Events, rollouts, actions and, if a workload is named, the first error of each kind in its logs. */
export async function incidentTimeline(request: Request): Promise<Content> {
  const { reader, namespace, now, windowMs } = request;
  const window = { from: now - windowMs, to: now };
  const logs = request.workload === undefined ? undefined : await readWorkload(reader, namespace, request.workload);
  const lines = logs ? await readLogs(reader, logs.pods, windowMs / 1000) : [];
  const clusters = clusterLines(lines);
  const subject = logs ? referTo(logs.workload) : { kind: 'Namespace', name: namespace };
  const timeline = [
    ...(await happenings(request, window)),
    ...actionMoments(await activeActions(request, window), window),
    ...logMoments(subject, clusters, window),
  ];
  const findings = [
    ...workloadFindings(await reader.list(kinds.deployments, { namespace })),
    ...podFindings(await reader.list(kinds.pods, { namespace }), now),
    ...(logs ? clusterFindings(subject, clusters) : []),
    ...[changeBeforeTrouble(timeline) ?? []].flat(),
  ];
  return { report: 'IncidentTimeline', subject, findings, timeline, hasWindow: true };
}

/** A report after an incident: which actions were filed, who decided what about them, and what they came to. */
export async function incidentReport(request: Request): Promise<Content> {
  const { reader, namespace, now, windowMs } = request;
  const window = { from: now - windowMs, to: now };
  const actions = await activeActions(request, window);
  const timeline = [
    ...(await happenings(request, window)),
    ...actionMoments(actions, window),
    ...decisionMoments(actions, window),
  ];
  const findings = [
    ...actionFindings(actions),
    ...workloadFindings(await reader.list(kinds.deployments, { namespace })),
    ...podFindings(await reader.list(kinds.pods, { namespace }), now),
  ];
  return { report: 'IncidentReport', subject: { kind: 'Namespace', name: namespace }, findings, timeline, hasWindow: true };
}

async function happenings({ reader, namespace }: Request, window: Window): Promise<Moment[]> {
  return [
    ...eventMoments(await reader.list(kinds.events, { namespace }), window),
    ...rolloutMoments(await reader.list(kinds.replicasets, { namespace }), window),
  ];
}

// Small pages: an action can be large. Only those that moved in the window, and did more than read, stay in memory.
async function activeActions({ reader, namespace }: Request, window: Window): Promise<AgentAction[]> {
  const kept = await reader.list(agentActions, { namespace, pageSize: 20 }, (action) =>
    isActive(action, window) && !hasOnlyRead(action) ? [action] : [],
  );
  return kept.flat();
}
