import { z } from 'zod';

const KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const SCHEDULER = /^[a-z0-9]([-a-z0-9./]{0,251}[a-z0-9])?$/;
const SIZE = /^[1-9][0-9]{0,6}(Mi|Gi)$/;

// As the API server writes it, so that its answer is what was sent.
const MILLIS = /^[1-9][0-9]{0,2}m$/;

const Toleration = z.strictObject({
  key: z.string().regex(KEY).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().regex(LABEL_VALUE).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});

/**
 * What a sandbox requests of CPU: where a node is busy, pods have CPU in proportion to it. Somebody may file rehearsals without an end, so
 * what people have approved has more than they, and its checks as well; the programs have more than both.
 */
export const CPU_REQUESTS = { rehearsal: '20m', run: '50m' } as const;

// Whatever is empty in the values of the chart is left out of the Job: the API server would leave it out of its answer, too.
const PodSettings = z.strictObject({
  imagePullSecrets: z.array(z.strictObject({ name: z.string().regex(DNS_NAME) })).default([]),
  nodeSelector: z.record(z.string().regex(KEY), z.string().regex(LABEL_VALUE)).default({}),
  tolerations: z.array(Toleration).default([]),
  schedulerName: z.union([z.literal(''), z.string().regex(SCHEDULER)]).default(''),
  priorityClassName: z.union([z.literal(''), z.string().regex(DNS_NAME)]).default(''),
  ephemeralStorage: z.union([z.literal(''), z.string().regex(SIZE)]).default(''),
  cpuRequests: z
    .strictObject({
      rehearsal: z.string().regex(MILLIS).default(CPU_REQUESTS.rehearsal),
      run: z.string().regex(MILLIS).default(CPU_REQUESTS.run),
    })
    .default(CPU_REQUESTS),
});

/** What an admin sets in the values of the chart for the pods of all sandboxes. */
export type PodSettings = z.output<typeof PodSettings>;

/**
 * Reads the settings for the pods of sandboxes, as the chart hands them to operator and gateway (SENTINEL_SANDBOX_PODS): both render the
 * same Job only if both have the same. Throws with every fault named.
 */
export function parsePodSettings(text: string | undefined): PodSettings {
  const parsed = PodSettings.safeParse(parseJson(text === undefined || text === '' ? '{}' : text));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `sandbox.${path.join('.')}: ${message}`);
  throw new Error(`settings of sandboxes: ${faults.join('; ')}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('settings of sandboxes: SENTINEL_SANDBOX_PODS is not JSON');
  }
}

/** The fields of a pod's spec that the settings come to. */
export function podPlacement(settings: PodSettings | undefined): object {
  const {
    imagePullSecrets = [],
    nodeSelector = {},
    tolerations = [],
    schedulerName = '',
    priorityClassName = '',
  } = settings ?? {};
  return {
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(schedulerName === '' ? {} : { schedulerName }),
    ...(priorityClassName === '' ? {} : { priorityClassName }),
  };
}
