import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, ScheduleStatus } from '@sentinel/crds';
import { conclude, FINDINGS_MEDIA_TYPE, type Finding } from '@sentinel/findings';
import { anAction } from '@sentinel/policy/testing';
import { lastReport } from './last-report.ts';
import { healthOf } from './observe-schedule.ts';

const END = '2026-05-01T06:00:30.000Z';
const finding = (severity: Finding['severity'], summary = 'it crashes'): Finding => ({
  check: 'pod-crash-looping',
  severity,
  object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  summary,
  evidence: [],
});
const report = (...findings: Finding[]) => {
  const subject = { kind: 'Namespace', name: 'shop' };
  return JSON.stringify(conclude({ report: 'NamespaceHealth', subject, createdAt: END, findings, unread: [] }));
};
const markdown = { name: 'report', mediaType: 'text/markdown', content: '# Fine' };
const findings = (content: string) => ({ name: 'findings', mediaType: FINDINGS_MEDIA_TYPE, content });
const evidence = `sha256:${'e'.repeat(64)}`;
const ended = (results: object[], finishedAt = END, name = 'fix-scheduled-1'): AgentAction =>
  anAction({
    metadata: { name },
    status: {
      finishedAt,
      results: results as never,
      stages: [{ stage: 'rehearsal', attempt: 1, name: 'a', uid: 'a', evidence }],
    },
  });
const streak = { outcome: 'Succeeded', count: 1, lastEnded: END } as const;
const health = (status: ScheduleStatus) => healthOf(status, [])?.status;

describe('The last report of a schedule', () => {
  it('has the conclusion, the counts, the worst finding, and where the whole report is', () => {
    const found = lastReport([ended([markdown, findings(report(finding('Warning'), finding('Critical')))])], undefined);
    const { digest, ...rest } = found ?? {};
    assert.match(digest ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      action: 'fix-scheduled-1',
      time: END,
      result: 'findings',
      evidence,
      conclusion: 'Critical',
      counts: { critical: 1, warning: 1, info: 0 },
      finding: 'Pod/web-1: it crashes',
    });
  });

  it('is only named if it is not of the known form, whatever it claims', () => {
    for (const content of ['', '{"conclusion":"Healthy"}', report().slice(0, -1), 'null']) {
      const found = lastReport([ended([findings(content)])], undefined);
      assert.deepEqual([found?.result, found?.conclusion, found?.finding], ['findings', undefined, undefined]);
    }
    assert.equal(lastReport([ended([markdown])], undefined)?.result, 'report');
  });

  it('shows text of the cluster escaped, in one line, and cut', () => {
    const found = lastReport([ended([findings(report(finding('Info', 'a\n\u001b[2Jb')))])], undefined)?.finding;
    assert.equal(found, 'Pod/web-1: a ↵ \\u001b[2Jb');
    const long = lastReport([ended([findings(report(finding('Info', '\u202e'.repeat(400))))])], undefined)?.finding;
    assert.equal(long?.length, 512);
  });

  it('is the latest, and stays when its action is gone or a later one has none', () => {
    const before = lastReport([ended([markdown])], undefined);
    const later = ended([findings(report())], '2026-05-01T12:00:30.000Z', 'fix-scheduled-2');
    assert.equal(lastReport([later, ended([markdown])], before)?.action, 'fix-scheduled-2');
    assert.deepEqual(lastReport([], before), before);
    assert.deepEqual(lastReport([ended([], '2026-05-01T12:00:30.000Z')], before), before);
    assert.equal(lastReport([ended([])], undefined), undefined);
  });

  it('decides health with critical findings, of the last action that counts alone', () => {
    const critical = lastReport([ended([findings(report(finding('Critical')))])], undefined);
    assert.deepEqual(healthOf({ streak, lastReport: critical }, []), {
      status: 'False',
      reason: 'Unhealthy',
      message: "'fix-scheduled-1' reports 1 critical finding, first: Pod/web-1: it crashes",
    });
    const warning = lastReport([ended([findings(report(finding('Warning')))])], undefined);
    assert.equal(health({ streak, lastReport: warning }), 'True');
    assert.equal(health({ streak: { ...streak, lastEnded: '2026-05-01T12:00:00.000Z' }, lastReport: critical }), 'True');
  });
});
