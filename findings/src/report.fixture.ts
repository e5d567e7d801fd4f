import type { Found } from './conclude.ts';
import type { Finding } from './report.ts';

/** A finding about the Pod `web-1`. */
export const aFinding = (more: Partial<Finding> = {}): Finding => ({
  check: 'pod-crash-looping',
  severity: 'Critical',
  object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  summary: "container 'web' restarts again and again",
  evidence: [{ source: 'Status', text: 'CrashLoopBackOff: back-off 5m0s restarting failed container' }],
  ...more,
});

/** What was found in the namespace `shop`. */
export const found = (more: Partial<Found> = {}): Found => ({
  report: 'NamespaceHealth',
  subject: { kind: 'Namespace', name: 'shop' },
  createdAt: '2026-03-01T12:00:00Z',
  findings: [aFinding()],
  unread: [],
  ...more,
});
