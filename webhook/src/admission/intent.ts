import type { AgentActionSpec } from '@sentinel/crds';
import { type DataHandling, keepText, maskSecrets } from '@sentinel/policy';

type Intent = AgentActionSpec['intent'];

const MASKED = ['summary', 'reason', 'goal'] as const;
const SUMMARY_MAX = 512;

/**
 * What of an intent is kept otherwise than it was sent, by field; undefined for a field that is dropped. What is not kept is not
 * even stored once: this happens before the API server stores the action.
 */
export async function keptIntent(handling: DataHandling, intent: Intent): Promise<Record<string, string | undefined>> {
  const kept: Record<string, string | undefined> = {};
  if (intent.prompt !== undefined) kept.prompt = await keepText('prompts', handling, intent.prompt);
  for (const field of MASKED) {
    const text = intent[field];
    // A mask can be longer than what it hides.
    if (text !== undefined && handling.prompts !== 'Stored')
      kept[field] = (await maskSecrets(text, handling.patterns)).slice(0, field === 'summary' ? SUMMARY_MAX : undefined);
  }
  return Object.fromEntries(Object.entries(kept).filter(([field, value]) => value !== intent[field as 'prompt']));
}

/** An intent as it will be stored. */
export function withKept(intent: Intent, kept: Readonly<Record<string, string | undefined>>): Intent {
  const entries = Object.entries({ ...intent, ...kept }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Intent;
}
