import type { Activity } from './limits.ts';

/** An action as limits see it: one of Playbook `fix` in namespace `shop` that has ended, apart from what a test says of it. */
export const activity = (uid: string, more: Partial<Activity> = {}): Activity => ({
  uid,
  namespace: 'shop',
  name: uid,
  requester: { user: 'agent', groups: [] },
  playbook: 'fix',
  playbookDigest: undefined,
  admitted: 0,
  phase: 'Ended',
  attempts: 1,
  rehearsed: [],
  asked: undefined,
  queued: undefined,
  ended: undefined,
  failed: false,
  succeeded: false,
  parent: undefined,
  root: uid,
  changed: 0,
  targets: [],
  ...more,
});
