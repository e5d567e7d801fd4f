import { readFile } from 'node:fs/promises';

/** One span or log record, as the Collector wrote it down in words. */
interface Written {
  readonly kind: 'Span' | 'LogRecord';
  readonly text: string;
}

/** What a Collector has written down of one action. */
export interface Trail {
  /** The records of the audit trail, oldest first: time and sentence. */
  readonly records: readonly string[];
  /** The spans of the trace, a line each, below the span that they are a part of. */
  readonly spans: readonly string[];
}

/** Reads the part of an action in the log of a Collector whose debug exporter is detailed. */
export async function readTrail(log: string, namespace: string, action: string): Promise<Trail> {
  return trailOf(await readFile(log, 'utf8'), namespace, action);
}

/** The records that name the action, and all spans of the traces of these records. */
export function trailOf(text: string, namespace: string, action: string): Trail {
  const all = written(text);
  const records = all.filter(
    (one) =>
      one.kind === 'LogRecord' &&
      one.text.includes(`Str(${action})`) &&
      one.text.includes(`Str(${namespace})`) &&
      field(one, 'Trace ID') !== '',
  );
  const traces = new Set(records.map((one) => field(one, 'Trace ID')));
  const spans = all.filter((one) => one.kind === 'Span' && traces.has(field(one, 'Trace ID')));
  return { records: records.map(recordLine), spans: treeOf(spans) };
}

function written(text: string): Written[] {
  const parts = text.split(/^(?=(?:Span|LogRecord) #\d+$)/m).slice(1);
  return parts.map((part) => ({ kind: part.startsWith('Span') ? 'Span' : 'LogRecord', text: part }));
}

function field({ text }: Written, name: string): string {
  return new RegExp(`^ *${name} *: ?(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
}

function recordLine(record: Written): string {
  const body = /^Str\((.*)\)$/s.exec(field(record, 'Body'))?.[1] ?? '';
  return `${clock(field(record, 'Timestamp'))}  ${body}`;
}

// As the exporter writes it: 2026-11-29 17:43:10.123 +0000 UTC.
const timeOf = (text: string): Date => new Date(text.replace(/^(\S+) (\S+) \+0000 UTC$/, '$1T$2Z'));
const clock = (text: string): string => timeOf(text).toISOString().slice(11, 19);

function treeOf(spans: readonly Written[], parent?: string): string[] {
  const ids = new Set(spans.map((one) => field(one, 'ID')));
  const isChild = (one: Written) => {
    const above = field(one, 'Parent ID');
    return parent === undefined ? !ids.has(above) : above === parent;
  };
  return spans
    .filter(isChild)
    .sort((a, b) => startOf(a).getTime() - startOf(b).getTime())
    .flatMap((one) => [lineOf(one), ...treeOf(spans, field(one, 'ID')).map((line) => `  ${line}`)]);
}

const startOf = (span: Written): Date => timeOf(field(span, 'Start time'));

function lineOf(span: Written): string {
  const seconds = (timeOf(field(span, 'End time')).getTime() - startOf(span).getTime()) / 1000;
  return `${field(span, 'Name')}  ${seconds.toFixed(1)} s`;
}
