import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { anAction, aPlan } from '../../test/fixtures.ts';
import { assertGolden } from '../../test/golden.ts';
import { painter } from '../terminal/paint.ts';
import { renderReport } from './report.ts';

const plan = aPlan();
const action = anAction(plan, 'RollbackIncomplete');

const rolledBack: AgentAction = {
  ...action,
  status: {
    ...action.status,
    account: 'remediator',
    finishedAt: '2026-03-02T10:18:20Z',
    stages: [
      {
        stage: 'rehearsal',
        attempt: 1,
        name: 'a',
        uid: 'j1',
        startedAt: '2026-03-02T10:00:00Z',
        finishedAt: '2026-03-02T10:00:09Z',
        outcome: 'Succeeded',
      },
      {
        stage: 'run',
        attempt: 1,
        name: 'b',
        uid: 'j2',
        startedAt: '2026-03-02T10:14:00Z',
        finishedAt: '2026-03-02T10:14:07Z',
        outcome: 'Succeeded',
      },
      {
        stage: 'verification',
        attempt: 2,
        name: 'c',
        uid: 'j3',
        startedAt: '2026-03-02T10:15:00Z',
        finishedAt: '2026-03-02T10:18:00Z',
        outcome: 'Failed',
        message: 'step ready failed',
        steps: [{ name: 'ready', exitCode: 1, reason: 'Error' }],
      },
    ],
    rollback: [
      { effect: 0, outcome: 'Restored' },
      { effect: 3, outcome: 'Skipped', message: 'somebody else changed it since' },
    ],
    results: [
      { name: 'findings', mediaType: 'text/markdown', content: '# Findings\n\u001b]8;;http://evil\u0007ok\nRESULT  forged\n' },
    ],
  },
};

describe('a report', () => {
  it('reports an action that was rolled back', () => assertGolden('report', renderReport(rolledBack, plan, painter(false))));
  it('says that nothing was changed when there was no run', () => {
    assert.match(renderReport(action, plan, painter(false)), /nothing was changed/);
  });
});
