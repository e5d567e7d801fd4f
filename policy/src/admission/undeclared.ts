import type { AgentAction, Effect } from '@sentinel/crds';

const SHOWN = 16;

/** Effects outside the namespaces that an action declares, as sentences. By default an action declares its own namespace. */
export function undeclaredEffects(
  { metadata, spec }: Pick<AgentAction, 'metadata' | 'spec'>,
  effects: readonly Effect[],
): string[] {
  const declared = spec.target?.namespaces ?? [metadata.namespace];
  return effects
    .filter(({ namespace }) => namespace === undefined || !declared.includes(namespace))
    .slice(0, SHOWN)
    .map(
      ({ verb, resource, name, namespace }) =>
        `${verb} ${resource} ${name} is outside the targets that the action declares (${namespace ?? 'cluster'})`,
    );
}
