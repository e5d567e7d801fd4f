import assert from 'node:assert/strict';
import type { Ran } from '../../../tools/run.ts';
import type { Person } from '../cluster.ts';

type Answer = Pick<Ran, 'code' | 'stderr'>;

/** Fails unless a command was refused with a message that holds a text, or matches an expression. */
export function refused({ code, stderr }: Answer, message: string | RegExp): void {
  assert.notEqual(code, 0, 'it was not refused');
  if (typeof message === 'string') assert.ok(stderr.includes(message), `${stderr}\ndoes not say: ${message}`);
  else assert.match(stderr, message);
}

/** Fails unless a command succeeded. */
export const accepted = ({ code, stderr }: Answer): void => assert.equal(code, 0, stderr);

/** Somebody as the API server authenticates them. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: string[];
  readonly extra?: Record<string, string[]>;
}

/** Who somebody is to the API server. */
export async function whoAmI(who: Person): Promise<UserInfo> {
  const answer = await who.kubectl(['auth', 'whoami', '-o', 'json']);
  return (JSON.parse(answer) as { status: { userInfo: UserInfo } }).status.userInfo;
}
