import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHostile } from '@sentinel/kube';
import { conclude } from './conclude.ts';
import { poisons } from './poison.fixture.ts';
import { code, renderMarkdown } from './render-markdown.ts';
import { renderTerminal } from './render-terminal.ts';
import { aFinding, found } from './report.fixture.ts';
import { parseReport } from './report.ts';

const reportWith = (text: string) =>
  conclude(
    found({
      findings: [
        aFinding({ evidence: [{ source: 'Event', text, time: '2026-03-01T11:59:00Z', count: 3 }] }),
        aFinding({
          severity: 'Warning',
          check: 'event-warning',
          summary: text.slice(0, 300) || 'x',
          evidence: [],
          count: 2,
          lastSeen: '2026-03-01T11:59:00Z',
          suggestion: { text: 'Look at the Event.', playbook: 'workload-logs' },
        }),
      ],
      timeline: [{ time: '2026-03-01T11:58:00Z', source: 'Event', object: { kind: 'Pod', name: 'web-1' }, actor: text, text }],
      unread: [{ what: 'quotas', reason: text }],
    }),
  );
const plain = reportWith('plain');

/** What a reader takes for the structure of a Markdown document: everything outside of code spans, and the number of rows. */
function skeleton(markdown: string): string {
  return markdown.replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, 'CODE');
}

describe('A report as Markdown', () => {
  it('reads well', () => {
    assert.equal(
      renderMarkdown(plain),
      [
        '# Health of a namespace',
        '',
        'Critical: there are critical findings. `Namespace/shop`, 2026-03-01T12:00:00Z.',
        '',
        'Findings: 1 critical, 1 warning, 0 info.',
        '',
        '## Findings',
        '',
        "- **Critical** `Pod/web-1` (pod-crash-looping): `container 'web' restarts again and again`",
        '  - Event 2026-03-01T11:59:00Z (3 times): `plain`',
        '- **Warning** `Pod/web-1` (event-warning): `plain`',
        '  - Seen: 2 times, last 2026-03-01T11:59:00Z',
        '  - Next: `Look at the Event.` Playbook: `workload-logs`',
        '',
        '## Timeline',
        '',
        '- 2026-03-01T11:58:00Z Event `Pod/web-1`: `plain` by `plain`',
        '',
        '## Not read',
        '',
        '- `quotas`: `plain`',
        '',
      ].join('\n'),
    );
  });
  it('keeps backticks inside of a code span', () => {
    assert.equal(code('a `` b'), '``` a `` b ```');
    assert.equal(code(''), '``(empty)``');
  });
});

describe('A report on a terminal', () => {
  it('reads well', () => {
    assert.equal(
      renderTerminal(plain),
      [
        'HEALTH OF A NAMESPACE  Namespace/shop  2026-03-01T12:00:00Z',
        '  Critical: there are critical findings.',
        '  Findings: 1 critical, 1 warning, 0 info.',
        'FINDINGS',
        "  Critical  pod-crash-looping  Pod/web-1: container 'web' restarts again and again",
        '    Event 2026-03-01T11:59:00Z (3 times)  | plain',
        '  Warning   event-warning  Pod/web-1: plain',
        '    seen 2 times, last 2026-03-01T11:59:00Z',
        '    next: Look at the Event. (Playbook workload-logs)',
        'TIMELINE',
        '  2026-03-01T11:58:00Z  Event     Pod/web-1, by plain',
        '    | plain',
        'NOT READ',
        '  quotas: plain',
      ].join('\n'),
    );
  });
});

describe('A poisoned text', () => {
  it('comes in at least 25 forms', () => assert.ok(Object.keys(poisons).length >= 25));
  for (const [name, poison] of Object.entries(poisons))
    it(`changes neither conclusion nor structure: ${name}`, () => {
      const report = reportWith(poison);
      assert.equal(report.conclusion, plain.conclusion);
      assert.deepEqual(report.counts, plain.counts);
      assert.deepEqual(parseReport(JSON.stringify(report)), report);
      assert.equal(skeleton(renderMarkdown(report)), skeleton(renderMarkdown(plain)));
      const rows = renderTerminal(report).split('\n');
      assert.equal(rows.length, renderTerminal(plain).split('\n').length);
      for (const row of rows) assert.equal(isHostile(row), false, row);
      for (const row of renderMarkdown(report).split('\n')) assert.equal(isHostile(row), false, row);
    });
});
