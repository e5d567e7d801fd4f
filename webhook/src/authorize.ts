import { GROUP } from '@sentinel/crds';
import { firstAllowed, type KubeClient } from '@sentinel/kube';
import { type Identity, wayToActAs } from '@sentinel/policy';
import { identityOf } from './admission/identity.ts';
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
    return (await firstAllowed(this.#client, identityOf(user), [{ group: GROUP, ...right }])) !== undefined;
  }

  /** How the caller could act as one of these identities; undefined when they cannot. Throws Denied when it could not be asked. */
  async wayToActAs(user: UserInfo, identities: readonly Identity[]): Promise<string | undefined> {
    return await wayToActAs((who, rights) => firstAllowed(this.#client, who, rights), identityOf(user), identities).catch(
      (error: unknown) => {
        throw new Denied(
          'PermissionNotChecked',
          `it could not be checked whether you can act as the requester: ${String(error)}`,
        );
      },
    );
  }

  /** Throws Denied when the caller does not hold the right, or when it could not be asked. */
  async require(user: UserInfo, right: Right): Promise<void> {
    const allowed = await this.allows(user, right).catch((error: unknown) => {
      throw new Denied('PermissionNotChecked', `your right to ${right.verb} could not be checked: ${String(error)}`);
    });
    if (!allowed)
      throw new Denied(
        'PermissionMissing',
        `'${user.username}' does not hold the verb '${right.verb}' on ${right.resource}.${GROUP} '${right.name}' in namespace '${right.namespace}'`,
      );
  }
}
