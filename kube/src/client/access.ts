import type { KubeClient } from './client.ts';
import type { ResourceAttributes } from './client-options.ts';

/** An identity for access reviews, with everything that authorizers may use. */
export interface AccessSubject {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** How many reviews are in progress at a time. */
const AT_ONCE = 16;

/** The first of several rights that an identity has; undefined if it has none of them. Throws if one cannot be checked. */
export async function firstAllowed<R extends ResourceAttributes>(
  client: Pick<KubeClient, 'subjectAccessReview'>,
  { user, uid, groups, extra }: AccessSubject,
  rights: readonly R[],
): Promise<R | undefined> {
  const subject = {
    user,
    groups: [...groups],
    ...(uid ? { uid } : {}),
    ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) } : {}),
  };
  for (let start = 0; start < rights.length; start += AT_ONCE) {
    const asked = rights.slice(start, start + AT_ONCE);
    const answers = await Promise.all(
      asked.map((resourceAttributes) => client.subjectAccessReview({ ...subject, resourceAttributes })),
    );
    const found = asked.find((_, index) => answers[index]?.allowed && !answers[index]?.denied);
    if (found) return found;
  }
  return undefined;
}
