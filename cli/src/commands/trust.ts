import { annotations, askingManager, type Playbook, playbooks } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { renderPlaybook } from '../print/playbook.ts';
import { readPlaybook } from '../read.ts';
import { confirmed, requireSeen, type Session, UsageError } from '../session.ts';
import { painter } from '../terminal/paint.ts';

export interface TrustFlags {
  readonly digest?: string;
  readonly yes?: boolean;
}

const DIGEST_FLAG = { flag: '--digest', where: '`.status.digest` of the Playbook as you read it' };

/** Shows a Playbook, asks for confirmation, and has its digest sealed. With `--digest` a different digest is refused here already. */
export async function trust(session: Session, name: string, flags: TrustFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireSeen(io, { yes: flags.yes === true, seen: flags.digest }, DIGEST_FLAG);
  const playbook = await readPlaybook(session, name);
  const digest = digestOfShown(playbook);
  if (flags.digest !== undefined && flags.digest !== digest)
    throw new UsageError(
      'ObjectChanged',
      `the Playbook that you saw (${flags.digest}) is not the current one (${digest}); read it again: kubectl get playbook ${name} -n ${namespace} -o yaml`,
    );
  await io.page(renderPlaybook(playbook, digest, painter(io.colour)));
  const floor = playbook.status?.trustedByPolicies ?? [];
  if (floor.length > 0)
    io.out(
      `The floor trusts this digest already (ClusterAgentPolicy ${floor.join(', ')}). If you trust it as well, that lasts without the floor, and its schedule acts on your behalf, with your right to use its account.`,
    );
  if (!(await confirmed(session, 'Trust this Playbook?', flags.yes === true))) {
    io.error('nothing was trusted');
    return 1;
  }
  // The digest identifies what was shown. With a resourceVersion, someone who writes the Playbook in a loop could prevent the trust.
  const { uid } = playbook.metadata;
  const answer = await client.patch(
    playbooks,
    { name, namespace },
    { metadata: { uid, annotations: { [annotations.trust]: digest } } },
    { type: 'merge', fieldManager: askingManager('trust', digest) },
  );
  if (answer.metadata.annotations?.[annotations.trust] === digest)
    throw new UsageError(
      'NotSealed',
      'the API server took the request, but the webhook of Sentinel did not seal it, so it has no effect. Tell your cluster admin',
    );
  io.out(`playbook.sentinel.dev/${name} trusted`);
  return 0;
}

/** The digest of a Playbook as it was read. Throws UsageError if that of the operator differs: one of the two did not read all of it. */
export function digestOfShown({ spec, status, metadata }: Playbook): string {
  const digest = playbookDigest({ spec });
  if (status?.digest === digest) return digest;
  if (status?.digest === undefined || status.observedGeneration !== metadata.generation)
    throw new UsageError('NotObserved', 'waiting for the operator to read this Playbook; try again in a moment');
  throw new UsageError(
    'DigestMismatch',
    `the digest of what was read (${digest}) is not the one that the operator found (${status.digest}); do not trust it, and tell your cluster admin`,
  );
}
