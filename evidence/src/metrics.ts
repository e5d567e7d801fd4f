import { Counter, registry, showGauge } from '@sentinel/kube';
import type { EvidenceUse } from './store/evidence-store.ts';

const registers = [registry];

const requests = new Counter({
  name: 'sentinel_evidence_requests_total',
  help: 'Requests to the evidence store that were answered, by what was asked (discovery, read, write, other) and the status.',
  labelNames: ['request', 'code'] as const,
  registers,
});
const deletions = new Counter({
  name: 'sentinel_evidence_deleted_total',
  help: 'Evidence that was deleted because its time of retention was over.',
  registers,
});

/** What a request asks for. */
export type Asked = 'discovery' | 'read' | 'write' | 'other';

/** Counts a request that was answered. */
export const noteRequest = (request: Asked, status: number): void => requests.inc({ request, code: String(status) });

/** Counts deletions by retention. */
export const noteDeletions = (count: number): void => deletions.inc(count);

/** Shows what is stored whenever metrics are read. */
export function observeStore(use: () => EvidenceUse): void {
  showGauge('sentinel_evidence_used_bytes', 'What the evidence store holds.', () => use().used);
  showGauge('sentinel_evidence_limit_bytes', 'What it may hold.', () => use().limit);
  showGauge('sentinel_evidence_items', 'How many stages of actions it holds the evidence of.', () => use().items);
}
