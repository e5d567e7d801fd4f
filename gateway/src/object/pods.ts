import type { ObservedEffect } from '@sentinel/crds';
import { z } from 'zod';
import type { ParsedRequest } from '../request/parse.ts';

type Pods = NonNullable<ObservedEffect['pods']>;

const MAX = 1_000_000;
const LABELS = 64;
const LENGTH = 400;

const whole = z.int().min(0).optional().catch(undefined);
const labels = z.record(z.string(), z.string()).optional().catch(undefined);
const part = <T extends z.ZodRawShape>(shape: T) => z.object(shape).optional().catch(undefined);

// Detected by shape and not by kind, so that custom workloads count as well.
const Workload = z.object({
  metadata: part({ labels }),
  spec: part({ replicas: whole, parallelism: whole, template: part({ metadata: part({ labels }) }) }),
  status: part({ replicas: whole, active: whole, desiredNumberScheduled: whole }),
});

/**
 * The pods of an object, before and after a write: one for a pod, and the wanted or existing number for a workload. What a plan
 * does to them is part of its risk, and their labels decide which PodDisruptionBudgets apply.
 */
export function podsOf(
  request: ParsedRequest,
  observed: { readonly live?: unknown; readonly result?: unknown; readonly scaled?: unknown },
): Pods | undefined {
  const isPod = request.base === 'pods' && request.api.apiGroup === '';
  const gone = request.api.verb === 'delete';
  // A Scale of zero leaves the field out.
  const otherwise = request.subresource === 'scale' ? 0 : undefined;
  const before = observed.live === undefined ? 0 : countOf(observed.live, isPod, true, otherwise);
  const after = gone ? 0 : countOf(observed.result, isPod, false, otherwise);
  if (before === undefined || after === undefined) return undefined;
  const owner = observed.scaled ?? (request.subresource === 'scale' ? undefined : (observed.live ?? observed.result));
  const found = labelsOf(owner, isPod);
  return { before, after, ...(found === undefined ? {} : { labels: found }) };
}

/** How many pods an object has; undefined for a kind without pods. For an existing object it is the larger of the running and the wanted number. */
function countOf(object: unknown, isPod: boolean, running: boolean, otherwise: number | undefined): number | undefined {
  if (isPod) return 1;
  const { spec, status } = Workload.safeParse(object).data ?? {};
  const wanted = spec?.replicas ?? spec?.parallelism ?? status?.desiredNumberScheduled ?? otherwise;
  if (wanted === undefined) return undefined;
  return Math.min(MAX, Math.max(wanted, running ? (status?.replicas ?? status?.active ?? 0) : 0));
}

/** The labels of the pods; undefined when they are not known, or not all of them can be shown. */
function labelsOf(object: unknown, isPod: boolean): string[] | undefined {
  const { metadata, spec } = Workload.safeParse(object).data ?? {};
  const found = isPod ? (metadata?.labels ?? {}) : spec?.template?.metadata?.labels;
  if (!found) return undefined;
  const pairs = Object.entries(found).map(([key, value]) => `${key}=${value}`);
  return pairs.length > LABELS || pairs.some(({ length }) => length > LENGTH) ? undefined : pairs.sort();
}
