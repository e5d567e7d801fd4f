import type { Effect, FieldChange } from '@sentinel/crds';

/** The effect with each new map split into its fields. The gateway records a small map as one value, which would differ as a whole between similar objects. */
export function expandMaps(effect: Effect): Effect {
  return effect.change === undefined ? effect : { ...effect, change: effect.change.flatMap(fieldsOf) };
}

function fieldsOf(change: FieldChange): FieldChange[] {
  const { path, before, after, lines, redacted, cut, volatile } = change;
  if (before !== undefined || after === undefined || lines !== undefined || redacted || cut || volatile) return [change];
  const entries = entriesOf(after);
  if (entries.length === 0) return [change];
  return entries.flatMap(([key, value]) =>
    fieldsOf({ ...change, path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, after: JSON.stringify(value) }),
  );
}

function entriesOf(json: string): [string, unknown][] {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  } catch {
    return [];
  }
}
