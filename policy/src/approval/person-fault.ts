import { type AgentRule, whyAgent } from '../identity/agents.ts';
import type { Claims } from '../identity/identities.ts';
import { type Identity, isSamePerson, type Requesters } from '../identity/identity.ts';
import type { DeciderRights } from '../identity/separation.ts';
import { reasonFault } from './reasons.ts';
import type { Requirements } from './requirements.ts';

/** What the people who consent are compared with. */
export interface PersonFacts extends Requesters {
  readonly requirements: Requirements;
  /** The agents according to the current policies. */
  readonly agents?: readonly AgentRule[] | undefined;
  /**
   * Why the current policies do not accept claims (`approverClaimFault`), undefined if they do. A seal proves which claims were recorded, not that
   * policy still accepts them.
   */
  readonly claimFault?: ((claims: Claims) => string | undefined) | undefined;
  /** The current policy that exempts a person who could act as a requester (`exemptBy`). */
  readonly exemptBy?: ((approver: Identity) => string | undefined) | undefined;
  /**
   * The current rights of the approvers, by the seal of their record. Undefined if they were not checked: rights are checked at the decision and
   * again at the start.
   */
  readonly deciders?: ReadonlyMap<string, DeciderRights> | undefined;
}

/** What a sealed record says of the person who consents. */
export interface Consent extends Identity {
  readonly extra: Claims;
  readonly exemptBy?: string | undefined;
  readonly comment?: string | undefined;
  readonly seal: string;
}

/** The accepted clock skew between webhook and operator, in milliseconds; a record further in the future is not valid. */
export const CLOCK_SKEW = 60_000;

/**
 * Why somebody may not consent by the current policies, undefined if they may. All of this may change after the decision, also by those whom it
 * stops: it can take an approval away, and never a rejection.
 */
export function personFault(record: Consent, facts: PersonFacts, needsReason: boolean): string | undefined {
  const agent = whyAgent(facts.agents ?? [], record);
  if (agent !== undefined) return `it is from an agent: ${agent}`;
  if (isSamePerson(record, facts.requester)) return 'the requester cannot approve';
  if (facts.editors.some((editor) => isSamePerson(editor, record))) return 'an editor of the action cannot approve it';
  if (record.user === facts.onBehalfOf) return 'the person for whom the agent acts cannot approve';
  const { groups } = facts.requirements;
  if (groups && !groups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${groups.join(', ')}`;
  const { approverGroups, refuseGroups } = facts.requirements;
  const refused = refuseGroups?.find((group) => record.groups.includes(group));
  if (refused !== undefined) return `members of '${refused}' cannot approve`;
  if (approverGroups && !approverGroups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${approverGroups.join(', ')}`;
  const claims = facts.claimFault?.(record.extra);
  if (claims !== undefined) return `policy does not accept the identity that approved (${claims}): approve again`;
  const reason = needsReason ? reasonFault(facts.requirements.reasons, record.comment) : undefined;
  return reason && `policy asks for a reason: ${reason.message}. Approve again with one.`;
}

/** Why the current rights of a person do not allow what they consented to; undefined if they do, or were not checked. */
export function rightsFault(record: Consent, { deciders, exemptBy }: PersonFacts): string | undefined {
  if (!deciders) return undefined;
  const rights = deciders.get(record.seal);
  if (!rights) return "it was not checked whether its user still has the verb 'approve'";
  if (!rights.mayApprove) return `'${record.user}' does not hold the verb 'approve' on this action any more`;
  if (rights.actsAs === undefined || (record.exemptBy !== undefined && exemptBy?.(record) !== undefined)) return undefined;
  return `'${record.user}' can ${rights.actsAs}, so they count as the same person`;
}
