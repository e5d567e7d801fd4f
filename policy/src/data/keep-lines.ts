import type { FieldChange } from '@sentinel/crds';
import type { DataHandling } from './handling.ts';
import { type DiffBudget, lineDiff, type Text } from './line-diff.ts';
import { findSecrets } from './secrets.ts';

/** Strings of one line up to this length, and other values up to that, are shown as they are, before and after. */
const STRING_MAX = 512;
const VALUE_MAX = 2048;

/**
 * A change of a long value as the lines that differ, with secrets masked unless policy stores them; undefined for one that is short. The
 * whole texts are searched for secrets, not what is shown of them: the middle of a key shows nothing of what it is.
 */
export async function keepLines(
  handling: DataHandling,
  { before, after, ...rest }: FieldChange,
  budget: DiffBudget,
): Promise<FieldChange | undefined> {
  const texts = longTexts(before, after);
  if (!texts) return undefined;
  const [old, young] = [await searched(handling, texts.before), await searched(handling, texts.after)];
  const { lines, hidden } = lineDiff(old, young, budget);
  return {
    ...rest,
    // An empty text has no lines, so a separate row says that the text was empty or is empty now.
    ...(texts.before === '' ? { before: '""' } : {}),
    ...(texts.after === '' ? { after: '""' } : {}),
    lines,
    format: texts.format,
    ...(hidden || rest.redacted ? { redacted: true } : {}),
  };
}

interface LongTexts {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly format: 'Text' | 'JSON';
}

function longTexts(before: string | undefined, after: string | undefined): LongTexts | undefined {
  // A value that was cut is no JSON: what is left of it is shown as it is.
  const [old, young] = [parsed(before), parsed(after)];
  if ((before !== undefined && old === undefined) || (after !== undefined && young === undefined)) return undefined;
  if (isTextOrAbsent(old) && isTextOrAbsent(young)) {
    const isLong = [old, young].some((text) => text !== undefined && (text.includes('\n') || text.length > STRING_MAX));
    return isLong ? { before: old, after: young, format: 'Text' } : undefined;
  }
  if (![before, after].some((json) => json !== undefined && json.length > VALUE_MAX)) return undefined;
  const indented = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value, null, 2));
  return { before: indented(old), after: indented(young), format: 'JSON' };
}

const isTextOrAbsent = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

async function searched({ diffs, patterns }: DataHandling, text: string | undefined): Promise<Text | undefined> {
  if (text === undefined) return undefined;
  return { text, hidden: diffs === 'Stored' ? [] : await findSecrets(text, patterns) };
}
