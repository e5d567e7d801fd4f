import { annotations } from '@sentinel/crds';
import { isSchedule, parseIdentities, parseIdentity, peopleOfSchedule, type Requesters } from '@sentinel/policy';
import type { PolicyReader } from '../../policy-reader.ts';
import { requireOther } from '../people.ts';
import { type AdmittedObject, Denied, type UserInfo } from '../review.ts';

/** Everyone who counts as the requester of an action, as far as the action itself names them. Throws Denied if that cannot be read. */
export function requestersOf({ metadata, spec }: AdmittedObject): Requesters {
  const requester = parseIdentity(metadata.annotations?.[annotations.requestedBy]);
  const editors = parseIdentities(metadata.annotations?.[annotations.amendedBy]);
  if (!requester || !editors)
    throw new Denied('RequesterUnknown', 'the requester or an editor of this action is unknown; create it again');
  // Read without the schema, which may have changed since: a claim that cannot be read is refused, not left out.
  const { onBehalfOf } = (spec ?? {}) as { onBehalfOf?: { user?: unknown; authors?: unknown } };
  const authors = onBehalfOf?.authors ?? [];
  const isNamed = Array.isArray(authors) && authors.every((author) => typeof author === 'string');
  if (onBehalfOf !== undefined && (typeof onBehalfOf.user !== 'string' || !isNamed))
    throw new Denied('RequesterUnknown', 'spec.onBehalfOf does not name users; create the action again');
  const claimed = isNamed ? authors.map((user: string) => ({ user, groups: [] })) : [];
  return { requester, editors: [...editors, ...claimed], onBehalfOf: onBehalfOf?.user as string | undefined };
}

/** Adds the people of a schedule with uid and groups, from its Playbook as it is now: the action has their names only. */
export async function withPeopleOfSchedule(
  policies: Pick<PolicyReader, 'playbook'>,
  { spec }: AdmittedObject,
  namespace: string,
  requesters: Requesters,
): Promise<Requesters> {
  const name = (spec as { playbookRef?: { name?: string } } | undefined)?.playbookRef?.name;
  if (!isSchedule(requesters.requester) || name === undefined) return requesters;
  const people = peopleOfSchedule(requesters.requester, await policies.playbook(namespace, name));
  return { ...requesters, editors: [...requesters.editors, ...people] };
}

/** Throws Denied if somebody counts as a requester of the action. */
export function requireSomebodyElse(user: UserInfo, { requester, editors, onBehalfOf }: Requesters, what: string): void {
  requireOther(user, [requester], `you asked for this action: somebody else must ${what}`);
  const why = isSchedule(requester) ? 'you wrote the Playbook of this schedule, or trusted it' : 'you edited this action';
  requireOther(user, editors, `${why}: somebody else must ${what}`);
  if (onBehalfOf === user.username)
    throw new Denied('SelfApproval', `the agent acts on your behalf (spec.onBehalfOf): somebody else must ${what}`);
}
