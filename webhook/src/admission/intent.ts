import type { AgentActionSpec } from '@sentinel/crds';
import { type DataHandling, keepText, maskSecrets } from '@sentinel/policy';

type Intent = AgentActionSpec['intent'];

const SUMMARY_MAX = 512;
/** Fields with a fixed format that cannot contain a secret. */
const FORMAL = new Set(['parentAction', 'traceparent']);

/**
 * The intent in the form in which it is stored: masking happens before the API server stores the action. `before` is the stored intent: an
 * unchanged prompt is not masked again.
 */
export async function keptIntent(handling: DataHandling, intent: Intent, before?: Intent): Promise<Intent> {
  const { prompt, ...others } = intent;
  const kept = prompt === undefined || prompt === before?.prompt ? prompt : await keepText('prompts', handling, prompt);
  const rest = (handling.prompts === 'Stored' ? others : await masked(others, handling)) as Omit<Intent, 'prompt'>;
  // A mask can be longer than the text that it replaces.
  const summary = rest.summary.slice(0, SUMMARY_MAX);
  return { ...rest, summary, ...(kept === undefined ? {} : { prompt: kept }) };
}

// All free texts of an agent, at any depth. One after the other, so that other requests are processed in between.
async function masked(value: unknown, handling: DataHandling): Promise<unknown> {
  if (typeof value === 'string') return await maskSecrets(value, handling.patterns);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [key, one] of Object.entries(value)) entries.push([key, FORMAL.has(key) ? one : await masked(one, handling)]);
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}
