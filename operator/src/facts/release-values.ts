import type { AnyObject } from '@sentinel/kube';

/** The values of a release that its guards have. The generator puts `$(NAME)` where the templates have one. */
export interface ReleaseValues {
  /** Sentinel's own image, which the pods of schedules run. */
  readonly image: string;
  /** The ports that the pods of schedules may reach, as a NetworkPolicy lists them. */
  readonly apiServerPorts: readonly { readonly protocol: 'TCP'; readonly port: number }[];
}

/** The guards with the values of a release. */
export const guardsOfRelease = (guards: readonly AnyObject[], values: ReleaseValues): AnyObject[] =>
  guards.map((guard) => fill(guard, values) as AnyObject);

function fill(value: unknown, values: ReleaseValues): unknown {
  if (value === '$(apiServerPorts)') return structuredClone(values.apiServerPorts);
  if (typeof value === 'string') return value.replaceAll('$(image)', () => values.image);
  if (Array.isArray(value)) return value.map((entry) => fill(entry, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, entry]) => [field, fill(entry, values)]));
}
