import type { AgentAction, Effect } from '@sentinel/crds';

const SHOWN = 16;

/** What goes beyond the namespaces that an action says it is about, in sentences: its own where it names none. */
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
        `${verb} ${resource} ${name} is outside of what the action is about (${namespace ?? 'cluster'})`,
    );
}
