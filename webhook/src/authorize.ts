import { GROUP } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { Denied, type UserInfo } from './admission/review.ts';

/** A right on a resource of this group. `accounts` exists for RBAC alone. */
export interface Right {
  readonly verb: 'approve' | 'trust' | 'use';
  readonly resource: 'agentactions' | 'playbooks' | 'accounts';
  readonly namespace: string;
  readonly name: string;
}

/** Asks the API server what a caller may do, with the caller's whole identity. */
export class Authorizer {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Whether the caller holds the right. An error while asking is passed on: nobody may take it for a yes. */
  async allows(user: UserInfo, right: Right): Promise<boolean> {
    const review = await this.#client.subjectAccessReview({
      user: user.username,
      uid: user.uid,
      groups: user.groups,
      extra: user.extra,
      resourceAttributes: {
        group: GROUP,
        resource: right.resource,
        verb: right.verb,
        namespace: right.namespace,
        name: right.name,
      },
    });
    return review.allowed && !review.denied;
  }

  /** Throws Denied when the caller does not hold the right, or when it could not be asked. */
  async require(user: UserInfo, right: Right): Promise<void> {
    const allowed = await this.allows(user, right).catch((error: unknown) => {
      throw new Denied(`your right to ${right.verb} could not be checked: ${String(error)}`);
    });
    if (!allowed)
      throw new Denied(
        `'${user.username}' does not hold the verb '${right.verb}' on ${right.resource}.${GROUP} '${right.name}' in namespace '${right.namespace}'`,
      );
  }
}
