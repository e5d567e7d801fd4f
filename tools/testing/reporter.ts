import { inspect } from 'node:util';

// A reporter of node:test that writes one line of JSON for each event that the runner counts. The mark at its start tells these lines
// from what the tests print themselves.

/** Begins each line that the reporter writes. */
export const MARK = '\u001e';

/** What the runner learns from a test process. */
export type TestEvent =
  | {
      readonly type: 'result';
      readonly file: string;
      readonly name: string;
      readonly nesting: number;
      readonly isSuite: boolean;
      readonly passed: boolean;
      readonly skipped: boolean;
      readonly ms: number;
      readonly error?: string;
    }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'end'; readonly passed: number; readonly failed: number };

interface NodeEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly nesting?: number;
    readonly message?: string;
    readonly skip?: string | boolean;
    readonly details?: { readonly duration_ms: number; readonly type?: string; readonly error?: Error };
    readonly counts?: { readonly passed: number; readonly failed: number; readonly cancelled: number };
  };
}

/** The event that the runner reads, or undefined when it does not need this one. */
export function toTestEvent({ type, data }: NodeEvent): TestEvent | undefined {
  if (type === 'test:pass' || type === 'test:fail') {
    const error = type === 'test:fail' ? data.details?.error : undefined;
    return {
      type: 'result',
      file: data.file ?? '',
      name: data.name ?? '',
      nesting: data.nesting ?? 0,
      isSuite: data.details?.type === 'suite',
      passed: type === 'test:pass',
      skipped: data.skip !== undefined && data.skip !== false,
      ms: data.details?.duration_ms ?? 0,
      ...(error && { error: inspect(error.cause ?? error).slice(0, 4000) }),
    };
  }
  // The totals of node:test come as diagnostics without a file; those that a test writes have one.
  if (type === 'test:diagnostic' && data.file !== undefined) return { type: 'note', text: data.message ?? '' };
  if (type === 'test:summary' && data.counts && data.file === undefined)
    return { type: 'end', passed: data.counts.passed, failed: data.counts.failed + data.counts.cancelled };
  return undefined;
}

/** The reporter, as node:test loads it. */
export default async function* report(source: AsyncIterable<NodeEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = toTestEvent(event);
    if (line) yield `${MARK}${JSON.stringify(line)}\n`;
  }
}
