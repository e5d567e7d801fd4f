import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { judgeRecorder } from './recorder.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
const pod = (phase: string, deletionTimestamp?: string): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'gateway', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  status: { phase },
});

describe('A replica that recorded a rehearsal and gives no answer', () => {
  const rows: Record<string, [AnyObject[], 'Lost' | 'TryAgain']> = {
    'is asked again while its pod runs': [[pod('Running')], 'TryAgain'],
    'is asked again while its pod ends': [[pod('Running', at(30))], 'TryAgain'],
    'is asked again shortly after its pod should have ended': [[pod('Running', at(-59))], 'TryAgain'],
    'has lost it when the end of its pod is overdue: its node is gone': [[pod('Running', at(-60))], 'Lost'],
    'has lost it when its pod was evicted': [[pod('Failed')], 'Lost'],
    'has lost it when its pod has ended': [[pod('Succeeded')], 'Lost'],
    'has lost it when no pod of the gateway has its address': [[], 'Lost'],
    'is asked again when another pod of the gateway has its address now: that one says that it does not know it': [
      [pod('Failed'), pod('Running')],
      'TryAgain',
    ],
  };
  for (const [name, [pods, verdict]] of Object.entries(rows)) it(name, () => assert.equal(judgeRecorder(pods, NOW), verdict));
});
