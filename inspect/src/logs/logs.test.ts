import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conclude, type Finding, parseReport } from '@sentinel/findings';
import { poisons } from '@sentinel/findings/testing';
import { clusterFindings, clusterLines, compareRollout, type LogLine, readLines } from './index.ts';
import { readLevel } from './level.ts';
import { templateOf } from './template.ts';

const web = { kind: 'Deployment', namespace: 'shop', name: 'web' };
const lines = (texts: readonly string[], pod = 'web-1'): LogLine[] =>
  readLines(
    texts.map((text, at) => `2026-03-01T11:00:${String(at % 60).padStart(2, '0')}.000000001Z ${text}`).join('\n'),
    pod,
    'web',
  );
const brief = (findings: readonly Finding[]) =>
  findings.map(({ severity, check, summary, count }) => `${severity} ${check} ${count} ${summary.replace(/^.*?: /, '')}`);

describe('The level of a line', () => {
  const rows: [string, boolean][] = [
    ['{"level":"error","msg":"x"}', true],
    ['{"level":50,"msg":"x"}', true],
    ['{"severity":"CRITICAL","message":"x"}', true],
    ['{"level":"info","msg":"level=error"}', false],
    ['{"level":30,"msg":"error"}', false],
    ['{"level":{"a":"error"}}', false],
    ['time=x level=error msg="no route"', true],
    ['time=x level=info msg="level=error"', false],
    ['time=x level=info msg="a \\" level=error"', false],
    ['E0301 11:00:00.000000       1 main.go:7] no route', true],
    ['I0301 11:00:00.000000       1 main.go:7] ERROR no route', false],
    ['2026-03-01 11:00:00 ERROR no route', true],
    ['2026-03-01 11:00:00 INFO no ERROR', false],
    ['[ERROR] no route', true],
    ['WARN error: slow', false],
    ['panic: runtime error', true],
    ['java.lang.NullPointerException: null', true],
    ['Error: connect ECONNREFUSED 10.0.0.1:5432', true],
    ['GET /error 200', false],
    ['the error counter is 0', false],
    ['', false],
  ];
  for (const [text, isError] of rows)
    it(`of '${text}' is ${isError ? 'an error' : 'not an error'}`, () => assert.equal(readLevel(text).isError, isError));
});

describe('The template of a message', () => {
  const rows: [string, string][] = [
    ['timeout after 1500ms to 10.1.2.3:5432', 'timeout after <n> to <address>'],
    [
      'order 8c1f7a52-0000-4000-8000-0123456789ab of user42 failed at 2026-03-01T11:00:00Z',
      'order <id> of <name> failed at <time>',
    ],
    ['commit 0123456789abcdef0123 is unknown', 'commit <id> is unknown'],
    ['Pod web-5d4f-x2 is gone', 'Pod <name> is gone'],
    ['no route to host', 'no route to host'],
  ];
  for (const [text, template] of rows) it(`of '${text}'`, () => assert.equal(templateOf(text), template));
});

describe('A log', () => {
  it('is read with the times of the container runtime', () => {
    assert.deepEqual(readLines('2026-03-01T11:00:00.123456789Z a b\n\nwithout a time\n', 'p', 'c'), [
      { time: '2026-03-01T11:00:00.123Z', text: 'a b', pod: 'p', container: 'c' },
      { time: undefined, text: 'without a time', pod: 'p', container: 'c' },
    ]);
  });
  it('becomes clusters with counts, first and last seen, and different samples', () => {
    const texts = [
      'ERROR no route to 10.0.0.1',
      'INFO fine',
      'ERROR no route to 10.0.0.2',
      'ERROR no route to 10.0.0.1',
      'ERROR disk full',
    ];
    const { clusters, errors, lines: all } = clusterLines(lines(texts));
    assert.deepEqual([all, errors], [5, 4]);
    assert.deepEqual(
      clusters.map(({ template, count, firstSeen, lastSeen, samples }) => [
        template,
        count,
        firstSeen?.slice(17, 19),
        lastSeen?.slice(17, 19),
        samples.length,
      ]),
      [
        ['ERROR no route to <address>', 3, '00', '03', 2],
        ['ERROR disk full', 1, '04', '04', 1],
      ],
    );
  });
  it('has its largest cluster first, however many small ones somebody writes', () => {
    const words = Array.from(
      { length: 5000 },
      (_, at) => `ERROR ${[...String(at)].map((digit) => 'abcdefghij'[Number(digit)]).join('')} happened`,
    );
    const found = clusterFindings(web, clusterLines([...lines(words), ...lines(['ERROR disk full', 'ERROR disk full'])]));
    assert.equal(brief(found)[0], 'Warning log-errors 2 ERROR disk full');
    assert.match(brief(found).at(-1) ?? '', /^Warning log-other-errors 4971 4971 more kinds/);
  });
  it('is read in seconds, whatever its lines are', () => {
    const hostile = [
      `ERROR ${'1'.repeat(2000)}`,
      `ERROR ${'a:'.repeat(1000)}`,
      '"'.repeat(2000),
      `ERROR ${'a1-'.repeat(600)}`,
      '{'.repeat(2000),
      `level=error msg="${'\\'.repeat(1900)}`,
    ];
    const begun = performance.now();
    clusterLines(lines(Array.from({ length: 6000 }, (_, at) => hostile[at % hostile.length] ?? '')));
    assert.ok(performance.now() - begun < 10_000, String(performance.now() - begun));
  });
});

describe('The logs before and after a rollout', () => {
  const before = clusterLines(
    lines(['INFO a', 'ERROR old', 'ERROR same', 'INFO a', 'INFO a', 'INFO a', 'INFO a', 'INFO a', 'INFO a', 'ERROR more']),
  );
  const after = clusterLines(
    lines([
      'ERROR new',
      'ERROR same',
      'ERROR more',
      'ERROR more',
      'ERROR more',
      'INFO a',
      'INFO a',
      'INFO a',
      'INFO a',
      'INFO a',
    ]),
  );
  it('differ in errors that are new, more frequent, as before, and gone', () => {
    assert.deepEqual(brief(compareRollout(web, before, after)).sort(), [
      'Info log-errors-gone 1 ERROR old',
      'Info log-errors-same 1 ERROR same',
      'Warning log-errors-increased 3 ERROR more',
      'Warning log-errors-new 1 ERROR new',
    ]);
  });
  it('are compared by the lines that each has written', () => {
    const twice = clusterLines([...lines(['ERROR same', 'INFO a']), ...lines(['ERROR same', 'INFO a'])]);
    const once = clusterLines(lines(['ERROR same', 'INFO a']));
    assert.deepEqual(brief(compareRollout(web, once, twice)), ['Info log-errors-same 2 ERROR same']);
  });
  it('are not called new if there is nothing to compare them with', () => {
    assert.deepEqual(
      compareRollout(web, clusterLines([]), after).map(({ check }) => check),
      ['log-errors', 'log-errors', 'log-errors', 'log-no-comparison'],
    );
  });
});

describe('A poisoned line of a log', () => {
  const planted = [
    'ERROR no route to 10.0.0.1',
    'INFO fine',
    'ERROR no route to 10.0.0.2',
    '{"level":"error","msg":"disk full"}',
  ];
  const report = (logs: readonly LogLine[]) =>
    conclude({
      report: 'LogAnalysis',
      subject: web,
      createdAt: '2026-03-01T12:00:00Z',
      unread: [],
      findings: clusterFindings(web, clusterLines(logs)),
    });
  const plain = report(lines(planted));
  const healthy = report(lines(['INFO fine', 'GET / 200']));
  const poisoned = (poison: string, level: string) =>
    lines(
      poison.split('\n').map((line) => `${level}${line}`),
      'web-2',
    );
  for (const [name, poison] of Object.entries(poisons)) {
    it(`hides no error and changes none: ${name}`, () => {
      for (const level of ['', 'INFO ', 'ERROR ']) {
        const mixed = report([...poisoned(poison, level), ...lines(planted), ...poisoned(poison, level)]);
        for (const finding of plain.findings)
          assert.deepEqual(
            mixed.findings.find(({ summary }) => summary === finding.summary),
            finding,
          );
        assert.equal(mixed.conclusion, plain.conclusion);
        assert.deepEqual(parseReport(JSON.stringify(mixed)), mixed);
      }
    });
    it(`makes a healthy log no worse if it is not an error: ${name}`, () => {
      assert.deepEqual(report([...lines(['INFO fine', 'GET / 200']), ...poisoned(poison, 'INFO ')]), healthy);
      assert.equal(healthy.conclusion, 'Healthy');
    });
  }
});
