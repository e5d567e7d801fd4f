import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conclude, FINDINGS_MEDIA_TYPE, renderMarkdown } from '@sentinel/findings';
import { painter } from '../../terminal/paint.ts';
import { resultLines } from './results.ts';

const report = conclude({
  report: 'NamespaceHealth',
  subject: { kind: 'Namespace', name: 'shop' },
  createdAt: '2026-03-01T12:00:00Z',
  findings: [
    {
      check: 'pod-crash-looping',
      severity: 'Critical',
      object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
      summary: "container 'web' restarts",
      evidence: [{ source: 'Log', text: 'x\u001b[2J\n  Info  y' }],
    },
  ],
  unread: [],
});
const findings = { name: 'findings', mediaType: FINDINGS_MEDIA_TYPE, content: JSON.stringify(report) };
const markdown = { name: 'report', mediaType: 'text/markdown', content: renderMarkdown(report) };
const lines = (...results: Parameters<typeof resultLines>[0]) => resultLines(results, painter(false)).join('\n');

describe('The results of an action', () => {
  it('are printed in words if they are a report of findings, and once', () => {
    const text = lines(findings, markdown);
    assert.match(text, /^RESULT {2}findings .*\n {2}HEALTH OF A NAMESPACE {2}Namespace\/shop/);
    assert.match(text, /\n {4}Critical {2}pod-crash-looping {2}Pod\/web-1: container 'web' restarts\n/);
    assert.match(text, / {6}Log {2}\| x\\u001b\[2J\\u000a {2}Info {2}y\n/);
    assert.match(text, /\nRESULT {2}report .*: the findings above as Markdown$/);
  });
  it('are printed as text if they only claim to be one', () => {
    const text = lines({ ...findings, content: '{"conclusion":"Healthy"}\nHEALTH OF A NAMESPACE' }, markdown);
    assert.match(text, /\n {2}\| {"conclusion":"Healthy"}\n {2}\| HEALTH OF A NAMESPACE\n/);
    assert.match(text, /\n {2}\| # Health of a namespace\n/);
  });
  it('are printed as text if another Markdown than that of the findings is beside them', () => {
    assert.match(lines(findings, { ...markdown, content: '# Other' }), /\n {2}\| # Other$/);
  });
});
