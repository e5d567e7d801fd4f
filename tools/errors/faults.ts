import type { ErrorSection } from './catalogue.ts';
import type { MessagesByCode } from './page.ts';

const NAME = /^([A-Z][a-z0-9]+)+$/;

/**
 * What is wrong with the catalogue, each with what to do; empty when nothing is. A code is used when a source names it between quotes.
 *
 * @param sources the text of each source that may use a code, without the tables themselves
 * @param guards the messages of the guards of the chart, by code; under the name of the policy where it has none
 */
export function catalogueFaults(sections: readonly ErrorSection[], sources: readonly string[], guards: MessagesByCode): string[] {
  const quoted = new Set(sources.flatMap((text) => [...text.matchAll(/'([A-Z][A-Za-z0-9]+)'/g)].map(([, name]) => name)));
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const { title, errors, isSent } of sections)
    for (const [code, { when, next }] of Object.entries(errors)) {
      if (!NAME.test(code)) faults.push(`the code '${code}' (${title}) must be in UpperCamelCase`);
      if (seen.has(code)) faults.push(`the code '${code}' (${title}) is declared twice: a code belongs to one table`);
      seen.add(code);
      if (!when.endsWith('.') || !next.endsWith('.')) faults.push(`'${code}' (${title}) must be described in full sentences`);
      if (isSent && !quoted.has(code)) faults.push(`the code '${code}' (${title}) is never used: remove it from its table`);
      if (!isSent && !guards.has(code)) faults.push(`the chart has no policy for the code '${code}': remove it from its table`);
    }
  for (const code of guards.keys())
    if (!seen.has(code)) faults.push(`the policy '${code}' of the chart has no code: add one to guardErrors`);
  return faults;
}
