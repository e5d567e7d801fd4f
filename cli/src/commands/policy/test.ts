import { writeFileSync } from 'node:fs';
import type { Terminal } from '../../session.ts';
import type { Format } from '../../terminal/raw.ts';
import { raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { UsageError } from '../../usage-error.ts';
import { type Answer, answer } from './evaluate/judge.ts';
import type { PolicyTest } from './input/question.ts';
import { readFiles } from './input/read-files.ts';

/** One case and how it came out. */
export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly expected: string;
  readonly answer: Answer;
  /** Why it failed; undefined when it is as expected. */
  readonly fault: string | undefined;
}

/** Runs the cases of files against the policies of the same files. Exit code: 0 all as expected, 1 one is not. Throws UsageError for what can't be read, or when there is no case. */
export function testPolicies(
  paths: readonly string[],
  flags: { format: Format; junit?: string | undefined },
  io: Terminal,
): number {
  const sources = readFiles(paths);
  const outcomes = sources.tests.flatMap(({ file, test }) =>
    test.cases.map((one): Outcome => {
      const given = answer(one.question, sources);
      return { file, name: one.name, expected: one.expect, answer: given, fault: faultOf(given, one) };
    }),
  );
  if (outcomes.length === 0)
    throw new UsageError('FileInvalid', 'there is no case: add a document of `kind: PolicyTest` with `cases`');
  if (flags.junit !== undefined) writeReport(flags.junit, junit(outcomes));
  const failed = outcomes.filter(({ fault }) => fault !== undefined);
  if (flags.format) io.out(raw(outcomes, flags.format));
  else {
    const rows = outcomes.map(({ name, expected, answer: { decision, because }, fault }) => [
      fault === undefined ? 'ok' : 'FAILED',
      name,
      expected,
      decision,
      because[0] ? `${because[0].policy}: ${because[0].rule}` : '',
    ]);
    io.out(table(['', 'CASE', 'EXPECTED', 'VERDICT', 'DECIDED BY'], rows));
    for (const { file, name, fault } of failed) io.error(`${file}: '${name}': ${fault}`);
    io.out(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
  }
  return failed.length === 0 ? 0 : 1;
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(
      'FileInvalid',
      `--junit '${file}' cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function faultOf({ decision, because, needs }: Answer, { expect, because: wanted, approvals }: PolicyTest['cases'][number]) {
  const why = because.map(({ policy, rule, message }) => `${policy}: ${rule}: ${message}`).join('; ') || 'nothing applies to it';
  if (decision !== expect) return `${decision}, not ${expect} (${why})`;
  const deciding = because.filter((one) => one.decision === decision);
  if (wanted !== undefined && !deciding.some(({ rule, policy }) => rule === wanted || `${policy}: ${rule}` === wanted))
    return `${decision}, but not because of ${wanted} (${why})`;
  if (approvals !== undefined && needs?.approvals !== approvals)
    return `${needs?.approvals ?? 0} approvals, not ${approvals} (${why})`;
  return undefined;
}

/** The outcomes as JUnit XML, which CI systems show. */
export function junit(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  const cases = outcomes.map(({ file, name, fault }) => {
    const open = `    <testcase classname="${xml(file)}" name="${xml(name)}"`;
    return fault === undefined ? `${open}/>` : `${open}><failure message="${xml(fault)}"/></testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="policies" tests="${outcomes.length}" failures="${failed}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// Control characters have no place in XML, escaped or not.
const xml = (text: string) =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
