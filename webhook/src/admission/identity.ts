import { type Identity, isProgram } from '@sentinel/policy';
import { Denied, type UserInfo } from './review.ts';

const POD_NAME = 'authentication.kubernetes.io/pod-name';
const PLAIN = /^[^"\\\u0000-\u001f\u007f\u2028\u2029]*$/;

/** The whole identity of a caller, as the API server authenticated them. */
export const identityOf = ({ username, uid, groups, extra }: UserInfo): Identity & Pick<UserInfo, 'extra'> => ({
  user: username,
  uid,
  groups,
  extra,
});

/**
 * The stamp of an identity. A ValidatingAdmissionPolicy builds the same text from the request, so its form is fixed; names that
 * JSON would have to escape are refused, because CEL can't escape them and the two texts would differ.
 */
export function stampOf(user: UserInfo): string {
  requirePlainNames(user);
  return JSON.stringify({ user: user.username, uid: user.uid, groups: user.groups });
}

/** The stamp that only names a person, without groups: no rule evaluates it. Built inside the API server as well. */
export function actorStampOf({ username, uid }: UserInfo): string {
  requirePlain([username, uid]);
  return JSON.stringify({ user: username, uid });
}

/** Throws Denied for names that could not be compared inside the API server. */
export const requirePlainNames = ({ username, uid, groups }: UserInfo): void => requirePlain([username, uid, ...groups]);

function requirePlain(names: readonly string[]): void {
  const odd = names.find((name) => !PLAIN.test(name));
  if (odd !== undefined)
    throw new Denied(
      'IdentityNotRecordable',
      `the name ${JSON.stringify(odd.slice(0, 80))} of your user or of one of your groups contains a quote, a backslash or a control character; it cannot be recorded exactly. Use an identity without such names`,
    );
}

/** Throws Denied for claims that could not be compared inside the API server. */
export function requirePlainClaims(claims: Readonly<Record<string, readonly string[]>>): void {
  const odd = Object.entries(claims).find(([name, values]) => ![name, ...values].every((text) => PLAIN.test(text)));
  if (odd)
    throw new Denied(
      'IdentityNotRecordable',
      `your claim '${odd[0].slice(0, 80)}' contains a quote, a backslash or a control character; it cannot be recorded exactly`,
    );
}

/** Throws Denied for ServiceAccounts and cluster components: only people may decide. */
export function requirePerson(user: UserInfo, what: string): void {
  if (isProgram(identityOf(user)) || user.extra[POD_NAME] !== undefined) {
    throw new Denied('PersonRequired', `'${user.username}' is a program: only people can ${what}`);
  }
}
