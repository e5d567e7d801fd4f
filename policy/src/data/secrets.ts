import { setImmediate } from 'node:timers/promises';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { RE2JS } from 're2js';
import { StepBudget } from './counted-text.ts';
import { inForms } from './forms.ts';
import { type Range, rangesOf } from './ranges.ts';

/** The placeholder for a secret. */
export const MASK = '<redacted>';

/** Longer texts are masked completely, because they are too long to be searched for secrets. */
export const SEARCHED_MAX = 64 * 1024;

/**
 * How many steps the patterns of policies may take in one text, together: for each character, and in a short text at least. Ordinary
 * patterns take about 50 for a character, the worst that a policy can have 1500. What takes more is masked whole as well.
 */
const STEPS = { perCharacter: 500, atLeast: 2_000_000 };

/** After how many steps other work gets its turn. */
const TURN_STEPS = 1_000_000;

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] };

/**
 * A text with every secret in it masked: those that secretlint knows, keys, credentials in headers and URLs, values beside names
 * such as `password`, and what `patterns` (RE2) match. A pattern with a group masks the group, else the whole match. A text that
 * can't be searched, is too long for it, or takes too many steps, is masked whole. The same text and patterns always give the same
 * result. Other work gets its turn before each text.
 */
export async function maskSecrets(text: string, patterns: readonly string[] = []): Promise<string> {
  if (text === '') return text;
  if (text.length > SEARCHED_MAX) return MASK;
  try {
    return masked(text, await search(text, patterns));
  } catch {
    return MASK;
  }
}

/** What begins a message behind words such as `cannot create token:`, and the users that runs are made as. */
const PREFIX =
  /^(?:sentinel|error|forbidden|denied|failed|invalid|admission|warning):$|^sentinel:(?:rehearsal|enforce):[a-z0-9-]+:[a-z0-9-]+$/i;

async function search(text: string, patterns: readonly string[]): Promise<Range[]> {
  await setImmediate();
  const found = [...(await known(text)), ...inForms(text)].filter(([start, end]) => !PREFIX.test(text.slice(start, end)));
  const budget = new StepBudget(Math.max(STEPS.atLeast, STEPS.perCharacter * text.length));
  let turn = budget.left;
  for (const pattern of patterns) {
    if (turn - budget.left > TURN_STEPS) {
      await setImmediate();
      turn = budget.left;
    }
    found.push(...rangesOf(compiled(pattern), text, 1, budget));
  }
  return found;
}

/** How much of a long text is searched at a time, and how much of it is searched again with what follows, in characters. */
const WINDOW = 32 * 1024;
const OVERLAP = 8 * 1024;

/**
 * Where a text of any length has secrets, as {@link maskSecrets} knows them. It is searched in windows that overlap, so what is shorter
 * than the overlap is always seen whole. Where a secret is longer than that, nobody knows where it ends: all that follows is one. A
 * window that can't be searched, or takes too many steps, is one as well.
 */
export async function findSecrets(text: string, patterns: readonly string[] = []): Promise<Range[]> {
  const found: Range[] = [];
  for (let start = 0; start < text.length; ) {
    const end = Math.min(text.length, start + WINDOW);
    const inWindow = await search(text.slice(start, end), patterns).catch((): Range[] => [[0, end - start]]);
    found.push(...inWindow.map(([from, to]): Range => [start + from, start + to]));
    if (end === text.length) break;
    const line = text.indexOf('\n', end - OVERLAP) + 1;
    const next = line > 0 && line < end ? line : end - OVERLAP;
    const open = inWindow.find(([from, to]) => start + to >= end && start + from < next);
    if (open) return [...found, [start + open[0], text.length]];
    start = next;
  }
  return found;
}

/**
 * A text of any length with every secret in it masked, as {@link findSecrets} finds them. Unlike {@link maskSecrets}, a long text is not
 * masked whole. Other work gets its turn between two windows.
 */
export async function maskLongText(text: string, patterns: readonly string[] = []): Promise<string> {
  return masked(text, await findSecrets(text, patterns));
}

async function known(text: string): Promise<Range[]> {
  const source = { content: text, filePath: 'text.txt', ext: '.txt', contentType: 'text' as const };
  const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
  return messages.map(({ range: [start, end] }) => [start, end] as const);
}

const cache = new Map<string, RE2JS>();
const CACHE_MAX = 1000;

function compiled(pattern: string): RE2JS {
  const before = cache.get(pattern);
  if (before) return before;
  if (cache.size >= CACHE_MAX) cache.clear();
  const made = RE2JS.compile(pattern);
  cache.set(pattern, made);
  return made;
}

function masked(text: string, ranges: readonly Range[]): string {
  const sorted = ranges.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0]);
  let result = '';
  let at = 0;
  for (const [start, end] of sorted) {
    if (end <= at) continue;
    // One that begins inside of another is part of it.
    if (start >= at) result += `${text.slice(at, start)}${MASK}`;
    at = Math.max(at, end);
  }
  return result + text.slice(at);
}

/** How large an expression may be, in instructions: each of them may be asked about each character, and nothing ends that early. */
const INSTRUCTIONS_MAX = 500;

/** The fault of an expression in a policy; undefined if it is valid. */
export function patternFault(pattern: string): string | undefined {
  try {
    const made = RE2JS.compile(pattern);
    if (made.programSize() > INSTRUCTIONS_MAX)
      return `'${pattern}' takes too long: its repetitions make ${made.programSize()} instructions of it, and ${INSTRUCTIONS_MAX} is the most`;
    return made.matcher('').find() ? `'${pattern}' matches the empty text` : undefined;
  } catch (error) {
    return `'${pattern}' is no RE2 expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}
