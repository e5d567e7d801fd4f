import { namespaces, PROBE_USER } from '@sentinel/crds';
import type { Transport } from '@sentinel/kube';

/** The ValidatingAdmissionPolicy that refuses every write of a rehearsal that is not a dry-run. */
export const LOCK_POLICY = 'sentinel-run-lock';
const PROBED = 'sentinel-lock-probe';
const GOOD_FOR_MS = 1_000;

/**
 * Tests the dry-run policy inside the API server before each rehearsal: a write that is not a dry-run, by a separate user that has the right for
 * it, must be refused, and the refusal must name the policy. Otherwise a fault of the gateway could persist something, and no rehearsal
 * is allowed.
 */
export class Lock {
  readonly #transport: Transport;
  #held = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Why the policy is not enforced, or undefined if it is. */
  async fault(): Promise<string | undefined> {
    if (performance.now() - this.#held < GOOD_FOR_MS && this.#held > 0) return undefined;
    const answer = await this.#transport.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespaces.system}/configmaps/${PROBED}`,
      headers: {
        'content-type': 'application/merge-patch+json',
        'impersonate-user': PROBE_USER,
        'impersonate-extra-sentinel.dev%2fstage': 'rehearsal',
        'impersonate-extra-sentinel.dev%2faction': 'probe',
      },
      body: JSON.stringify({ data: { probed: 'a write that must never persist' } }),
    });
    const text = answer.body.toString('utf8');
    if (answer.status === 403 && text.includes(LOCK_POLICY)) {
      this.#held = performance.now();
      return undefined;
    }
    this.#held = 0;
    if (answer.status === 200)
      return `the API server let a write through that is not a dry-run: the policy '${LOCK_POLICY}' is missing or not in force`;
    return `the lock could not be probed (HTTP ${answer.status}): ${text.slice(0, 200)}`;
  }
}
