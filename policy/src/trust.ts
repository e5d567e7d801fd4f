import { annotations, digestOf, type Playbook } from '@sentinel/crds';
import { z } from 'zod';
import { isProgram, parseIdentity } from './identity.ts';
import { type SealKeys, sealFault } from './seal.ts';

/** Trust in a Playbook as the webhook seals it. The order of the first four fields is checked by a ValidatingAdmissionPolicy. */
export const TrustRecord = z.object({
  playbook: z.string(),
  digest: z.string(),
  user: z.string(),
  groups: z.array(z.string()),
  time: z.string(),
  key: z.string(),
  seal: z.string(),
});
export type TrustRecord = z.infer<typeof TrustRecord>;

/** Whether a Playbook is trusted as it stands, and why not. */
export type Trust = { readonly trusted: true; readonly by: TrustRecord } | { readonly trusted: false; readonly why: string };

/** The digest of a Playbook: what is trusted, and what an action is pinned to. */
export const playbookDigest = (playbook: Pick<Playbook, 'spec'>): string => digestOf(playbook.spec);

/** Whether someone other than its author, with the verb `trust`, has sealed the digest of the Playbook as it stands. */
export function trustOf(playbook: Playbook | undefined, keys: SealKeys): Trust {
  if (!playbook) return { trusted: false, why: 'there is none' };
  const sealed = playbook.metadata.annotations?.[annotations.trust];
  if (sealed === undefined) return { trusted: false, why: 'nobody has sealed its digest' };
  const record = parse(sealed);
  if (!record) return { trusted: false, why: 'its seal can not be read' };
  const fault = sealFault(record, keys);
  if (fault) return { trusted: false, why: fault };
  if (record.playbook !== playbook.metadata.uid) return { trusted: false, why: 'the seal is for another Playbook' };
  if (record.digest !== playbookDigest(playbook)) return { trusted: false, why: 'it changed after it was sealed' };
  const author = parseIdentity(playbook.metadata.annotations?.[annotations.author]);
  if (!author) return { trusted: false, why: 'its author is not known' };
  if (author.user === record.user) return { trusted: false, why: 'its author sealed it' };
  if (isProgram(record)) return { trusted: false, why: 'a program sealed it' };
  return { trusted: true, by: record };
}

function parse(sealed: string): TrustRecord | undefined {
  try {
    const value: unknown = JSON.parse(sealed);
    return JSON.stringify(value) === sealed ? TrustRecord.safeParse(value).data : undefined;
  } catch {
    return undefined;
  }
}
