import { createHash } from 'node:crypto';
import type { AgentAction } from '@sentinel/crds';
import { stateOf } from '../status/conditions.ts';

/** A span, as OTLP/JSON writes it. Times are nanoseconds since the epoch, as text. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly error: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

const hash = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length);
const nanos = (time: string | undefined) => `${BigInt(Date.parse(time ?? '') || 0) * 1_000_000n}`;

/** The trace of an action: its id comes from the uid, so that every process and every retry makes the same one. */
export const traceIdOf = (uid: string): string => hash(uid, 32);
/** The id of a span of an action. */
export const spanIdOf = (uid: string, name: string): string => hash(`${uid}/${name}`, 16);

/** The spans of an action that has ended: one for the whole, one for each stage, one for the time in which it waited for people. */
export function spansOf(action: AgentAction): Span[] {
  const { status, metadata, spec } = action;
  const uid = metadata.uid ?? '';
  const base = { traceId: traceIdOf(uid), error: undefined, links: [] };
  const state = stateOf(status);
  const root: Span = {
    ...base,
    spanId: spanIdOf(uid, 'action'),
    name: `AgentAction ${spec.playbookRef?.name ?? 'ad-hoc steps'}`,
    startTimeUnixNano: nanos(status?.startedAt ?? metadata.creationTimestamp),
    endTimeUnixNano: nanos(status?.finishedAt),
    attributes: {
      'k8s.namespace.name': metadata.namespace ?? '',
      'sentinel.action.name': metadata.name,
      'sentinel.action.uid': uid,
      'sentinel.state': state,
      'sentinel.plan.digest': status?.plan?.digest ?? '',
      ...(spec.onBehalfOf ? { 'sentinel.on_behalf_of': spec.onBehalfOf.user } : {}),
      'gen_ai.agent.name': spec.intent.agent?.name ?? '',
      ...(status?.lineage?.length ? { 'sentinel.action.parent': status.lineage.at(-1)?.uid ?? '' } : {}),
    },
    error: status?.conditions?.some(({ type }) => type === 'Stalled') ? state : undefined,
    links: linkOf(spec.intent.traceparent),
  };
  const stages = (status?.stages ?? []).map(
    (stage): Span => ({
      ...base,
      spanId: spanIdOf(uid, stage.uid),
      parentSpanId: root.spanId,
      name: stage.stage,
      startTimeUnixNano: nanos(stage.startedAt),
      endTimeUnixNano: nanos(stage.finishedAt ?? status?.finishedAt),
      attributes: { 'k8s.job.name': stage.name, 'k8s.job.uid': stage.uid, 'sentinel.outcome': stage.outcome ?? '' },
      error: stage.outcome === 'Succeeded' ? undefined : (stage.message ?? stage.outcome ?? 'unknown'),
    }),
  );
  return [root, ...stages, ...review(action, root)];
}

function review({ status, metadata }: AgentAction, root: Span): Span[] {
  const rehearsed = status?.stages?.findLast(({ stage }) => stage === 'rehearsal')?.finishedAt;
  const run = status?.stages?.find(({ stage }) => stage === 'run')?.startedAt;
  if (!status?.plan || rehearsed === undefined) return [];
  const uid = metadata.uid ?? '';
  const attributes = {
    'sentinel.decisions': (status.decisions ?? []).map(({ user, decision }) => `${decision} by ${user}`).join('; '),
  };
  return [
    {
      ...root,
      spanId: spanIdOf(uid, 'review'),
      parentSpanId: root.spanId,
      name: 'review',
      startTimeUnixNano: nanos(rehearsed),
      endTimeUnixNano: nanos(run ?? status.finishedAt),
      attributes,
      error: undefined,
      links: [],
    },
  ];
}

function linkOf(traceparent: string | undefined): { traceId: string; spanId: string }[] {
  const [, traceId, spanId] = traceparent?.split('-') ?? [];
  return traceId && spanId ? [{ traceId, spanId }] : [];
}
