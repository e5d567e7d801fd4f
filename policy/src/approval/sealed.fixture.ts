import { generateKeyPairSync } from 'node:crypto';
import { sealRecord } from './seal.ts';
import type { DecisionRecord, TallyFacts } from './tally.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');

export { privateKey };
/** A key that is not published. */
export const stranger = generateKeyPairSync('ed25519');
export const NOW = Date.parse('2026-01-01T12:00:00Z');
/** A time so many minutes from now. */
export const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
/** Digest of the current plan. */
export const plan = `sha256:${'1'.repeat(64)}`;

export type Unsealed = Omit<DecisionRecord, 'key' | 'seal'>;

/** A record of ada's, sealed: that she approves the current plan of the action `uid-1`. */
export const sealed = (more: Partial<Unsealed> = {}, key = privateKey): string => {
  const base = { action: 'uid-1', plan, user: 'ada', uid: '7', groups: ['sre'], extra: {}, decision: 'approve' as const };
  return JSON.stringify(sealRecord({ ...base, time: at(-10), ...more }, 'k1', key));
};

/** What the records on that action are judged by; one approval is needed. */
export const tallyFacts = (approvals: string | undefined, more: Partial<TallyFacts> = {}): TallyFacts => ({
  approvals,
  actionUid: 'uid-1',
  plan,
  requester: { user: 'agent', groups: [] },
  editors: [],
  requirements: { approvals: 1, groups: undefined, expiresAfter: '1h' },
  keys: new Map([['k1', publicKey]]),
  now: NOW,
  ...more,
});
