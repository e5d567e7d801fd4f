import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conclude, shorten } from './conclude.ts';
import { fitReport } from './fit.ts';
import { aFinding, found } from './report.fixture.ts';
import { type Moment, parseReport, type Report } from './report.ts';

const unread = [{ what: 'pods', reason: 'denied' }];
const of = (...severities: ('Info' | 'Warning' | 'Critical')[]) => severities.map((severity) => aFinding({ severity }));

describe('The conclusion of a report', () => {
  const rows: [string, Parameters<typeof found>[0], Report['conclusion']][] = [
    ['nothing found', { findings: [] }, 'Healthy'],
    ['nothing serious found', { findings: of('Info') }, 'Healthy'],
    ['nothing found, but something was not read', { findings: of('Info'), unread }, 'Incomplete'],
    ['a warning', { findings: of('Info', 'Warning') }, 'Degraded'],
    ['a warning, and something was not read', { findings: of('Warning'), unread }, 'Degraded'],
    ['one critical finding among many', { findings: of('Info', 'Warning', 'Critical', 'Info') }, 'Critical'],
  ];
  for (const [name, what, conclusion] of rows)
    it(`of ${name} is ${conclusion}`, () => assert.equal(conclude(found(what)).conclusion, conclusion));

  it('does not depend on the order, and the most serious finding is first', () => {
    const some = [...of('Info', 'Critical', 'Warning'), aFinding({ severity: 'Warning', check: 'a-check' })];
    const report = conclude(found({ findings: some }));
    assert.deepEqual(conclude(found({ findings: some.toReversed() })), report);
    assert.deepEqual(
      report.findings.map(({ severity, check }) => `${severity} ${check}`),
      ['Critical pod-crash-looping', 'Warning a-check', 'Warning pod-crash-looping', 'Info pod-crash-looping'],
    );
  });
});

describe('A report', () => {
  it('is read back the same', () => {
    const report = conclude(found({ unread, window: { from: '2026-03-01T11:00:00Z', to: '2026-03-01T12:00:00Z' } }));
    assert.deepEqual(parseReport(JSON.stringify(report)), report);
  });
  for (const [name, text] of [
    ['no JSON', '# Healthy'],
    ['another schema', JSON.stringify({ ...conclude(found()), schema: 'sentinel.dev/findings/v2' })],
    ['a field too many', JSON.stringify({ ...conclude(found()), html: '<b>' })],
    ['a check that is a sentence', JSON.stringify(conclude(found({ findings: [aFinding({ check: 'All is well' })] })))],
  ] as const)
    it(`is not read from ${name}`, () => assert.equal(parseReport(text), undefined));

  it('is bounded, and counts what it left out', () => {
    const many = Array.from({ length: 1000 }, (_, at) => aFinding({ object: { kind: 'Pod', name: `p-${at}` } }));
    const report = conclude(found({ findings: many }));
    assert.equal(report.counts.Critical, 1000);
    assert.equal(report.findings.length + report.omitted, 1000);
    assert.notEqual(parseReport(JSON.stringify(report)), undefined);
  });

  it('fits into a limit: the least serious findings go first, the conclusion and the counts stay', () => {
    const many = [aFinding(), ...Array.from({ length: 150 }, (_, at) => aFinding({ severity: 'Info', check: `c-${at}` }))];
    const report = conclude(found({ findings: many }));
    const size = (one: Report) => JSON.stringify(one).length;
    const small = fitReport(report, 4096, size);
    assert.ok(size(small) <= 4096);
    assert.equal(small.conclusion, 'Critical');
    assert.deepEqual(small.counts, report.counts);
    assert.equal(small.findings[0]?.severity, 'Critical');
    assert.equal(small.findings.length + small.omitted, 151);
  });
});

describe('A timeline that is too large', () => {
  it('keeps the decisions among many Events, and the newest of these', () => {
    const moment = (source: Moment['source'], second: number): Moment => ({
      time: new Date(Date.UTC(2026, 2, 1, 11, 0, second)).toISOString(),
      source,
      object: { kind: 'Pod', name: 'web-1' },
      text: 'x'.repeat(100),
    });
    const events = Array.from({ length: 400 }, (_, at) => moment('Event', at + 10));
    const report = conclude(found({ timeline: [moment('Decision', 1), moment('Rollout', 2), ...events] }));
    const { timeline = [], omitted } = fitReport(report, 8192, (one) => JSON.stringify(one).length);
    assert.deepEqual(
      timeline.slice(0, 2).map(({ source }) => source),
      ['Decision', 'Rollout'],
    );
    assert.equal(timeline.at(-1)?.time, events.at(-1)?.time);
    assert.equal(timeline.length + omitted, 402);
  });
});

describe('A text that is cut', () => {
  it('says so, and does not end within a character', () => {
    assert.equal(shorten('abc', 3), 'abc');
    assert.equal(shorten('abcd', 3), 'ab…');
    assert.equal(shorten('a😀bc', 3), 'a…');
    assert.ok(shorten('x\ud800', 5).isWellFormed());
  });
});
