import type { AgentActionSpec } from '@sentinel/crds';
import { type DataHandling, keepText, maskSecrets } from '@sentinel/policy';

type Intent = AgentActionSpec['intent'];

const SUMMARY_MAX = 512;
/** Names and contexts in a form of their own, in which no secret fits. */
const FORMAL = new Set(['parentAction', 'traceparent']);

/**
 * An intent as it is kept. What is not kept is not even stored once: this happens before the API server stores the action. `before`
 * is what is stored already: a prompt that stays what it was is not handled a second time.
 */
export async function keptIntent(handling: DataHandling, intent: Intent, before?: Intent): Promise<Intent> {
  const { prompt, ...others } = intent;
  const kept = prompt === undefined || prompt === before?.prompt ? prompt : await keepText('prompts', handling, prompt);
  const rest = (handling.prompts === 'Stored' ? others : await masked(others, handling)) as Omit<Intent, 'prompt'>;
  // A mask can be longer than what it hides.
  const summary = rest.summary.slice(0, SUMMARY_MAX);
  return { ...rest, summary, ...(kept === undefined ? {} : { prompt: kept }) };
}

// Every text that an agent may fill with what it likes, however deep. One after the other, so that other requests get their turn.
async function masked(value: unknown, handling: DataHandling): Promise<unknown> {
  if (typeof value === 'string') return await maskSecrets(value, handling.patterns);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [key, one] of Object.entries(value)) entries.push([key, FORMAL.has(key) ? one : await masked(one, handling)]);
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}
