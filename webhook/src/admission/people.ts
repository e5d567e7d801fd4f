import { exemptBy, explainSharedUid, type Identity, isSamePerson, type PolicySet, whyAgent } from '@sentinel/policy';
import type { Authorizer } from '../authorize.ts';
import { identityOf } from './identity.ts';
import { Denied, type UserInfo } from './review.ts';

/** Throws Denied for agents: identities in the subjects of policies, and members of an agent group of the floor. */
export function requireNoAgent(agents: PolicySet['agents'], user: UserInfo, what: string): void {
  const why = whyAgent(agents ?? [], identityOf(user));
  if (why !== undefined) throw new Denied('AgentNotAllowed', `'${user.username}' is an agent (${why}): agents cannot ${what}`);
}

/** Throws Denied when the caller is one of these people, by name or by uid. */
export function requireOther(user: UserInfo, people: readonly Identity[], message: string): void {
  const same = people.find((person) => isSamePerson(person, identityOf(user)));
  if (same) throw new Denied('SelfApproval', `${message}${explainSharedUid(identityOf(user), same)}`);
}

/**
 * Separation of duties reaches through credentials: anyone who could act as the requester or author is the same person. Answers with the
 * policy that exempts the caller by name, which the record must show; undefined when they could not. Throws Denied otherwise.
 */
export async function requireSeparation(
  authorizer: Authorizer,
  policies: PolicySet,
  user: UserInfo,
  { identities, what }: { readonly identities: readonly Identity[]; readonly what: string },
): Promise<string | undefined> {
  const way = await authorizer.wayToActAs(user, identities);
  if (way === undefined) return undefined;
  const exempt = exemptBy(policies, identityOf(user));
  if (exempt !== undefined) return exempt;
  throw new Denied(
    'SeparationOfDuties',
    `you can ${way}, so you count as the same person, and somebody else must ${what}. ` +
      'Ask somebody without that right; an admin of the cluster can exempt you by name in a ClusterAgentPolicy (identity.separationOfDuties)',
  );
}
