import { setImmediate } from 'node:timers/promises';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { RE2JS } from 're2js';
import { inForms } from './forms.ts';
import { type Range, rangesOf } from './ranges.ts';

/** What stands where a secret was. */
export const MASK = '<redacted>';

/** Longer texts are masked whole: nobody should keep what nobody looked through. */
export const SEARCHED_MAX = 64 * 1024;

/** How long the patterns of policies may look through one text, in milliseconds. What takes longer is masked whole as well. */
export const SEARCH_MS = 100;

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] };

/**
 * A text with every secret in it masked: those that secretlint knows, keys, credentials in headers and URLs, values beside names
 * such as `password`, and what `patterns` (RE2) match. A pattern with a group masks the group, else the whole match. A text that
 * can't be searched, is too long for it, or takes too long, is masked whole. Other work gets its turn before each text.
 */
export async function maskSecrets(text: string, patterns: readonly string[] = []): Promise<string> {
  if (text === '') return text;
  if (text.length > SEARCHED_MAX) return MASK;
  await setImmediate();
  try {
    const found = [...(await known(text)), ...inForms(text)];
    const until = performance.now() + SEARCH_MS;
    return masked(text, [...found, ...patterns.flatMap((pattern) => rangesOf(compiled(pattern), text, 1, until))]);
  } catch {
    return MASK;
  }
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

/** What is wrong with an expression of a policy; undefined when it can be used. */
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
