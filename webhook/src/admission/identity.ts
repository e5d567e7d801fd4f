import { isProgram } from '@sentinel/policy';
import { Denied, type UserInfo } from './review.ts';

const POD_NAME = 'authentication.kubernetes.io/pod-name';
const PLAIN = /^[^"\\\u0000-\u001f\u007f<>&\u2028\u2029]*$/;

/**
 * The stamp of an identity. A ValidatingAdmissionPolicy builds the same text from the request, so its form is fixed; names that
 * JSON would have to escape are refused, because CEL can't escape them and the two texts would differ.
 */
export function stampOf(user: UserInfo): string {
  requirePlainNames(user);
  return JSON.stringify({ user: user.username, uid: user.uid, groups: user.groups });
}

/** Throws Denied for names that could not be compared inside the API server. */
export function requirePlainNames(user: UserInfo): void {
  if (![user.username, user.uid, ...user.groups].every((name) => PLAIN.test(name))) {
    throw new Denied(
      'your user or group name holds a quote, a backslash or a control character; it can not be recorded faithfully',
    );
  }
}

/** Throws Denied for claims that could not be compared inside the API server. */
export function requirePlainClaims(claims: Readonly<Record<string, readonly string[]>>): void {
  const odd = Object.entries(claims).find(([name, values]) => ![name, ...values].every((text) => PLAIN.test(text)));
  if (odd)
    throw new Denied(
      `your claim '${odd[0].slice(0, 80)}' contains a quote, a backslash or a control character; it cannot be recorded exactly`,
    );
}

/** Throws Denied for identities of programs: only people decide. */
export function requirePerson(user: UserInfo, what: string): void {
  if (isProgram({ user: user.username, groups: user.groups }) || user.extra[POD_NAME] !== undefined) {
    throw new Denied(`'${user.username}' is a program: only people can ${what}`);
  }
}
