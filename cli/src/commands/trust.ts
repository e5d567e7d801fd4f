import { annotations, askingManager, type Playbook, playbooks } from '@sentinel/crds';
import { parseIdentity, playbookDigest } from '@sentinel/policy';
import { type Paint, painter } from '../print/paint.ts';
import { visible, visibleBlock } from '../print/visible.ts';
import { requireName } from '../read.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../session.ts';

export interface TrustFlags {
  readonly yes?: boolean;
}

/** Shows a Playbook, asks, and asks Sentinel to seal the digest of what was shown. */
export async function trust(session: Session, name: string, flags: TrustFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireName(name, 'a Playbook');
  requireSomebody(io, flags.yes === true);
  const playbook = await client.get(playbooks, { name, namespace });
  if (!playbook)
    throw new UsageError(
      `there is no Playbook '${name}' in namespace '${namespace}'; see: kubectl get playbooks -n ${namespace}`,
    );
  const digest = digestOfShown(playbook);
  io.out(renderPlaybook(playbook, digest, painter(io.colour)));
  if (!(await confirmed(session, 'Trust this Playbook?', flags.yes === true))) {
    io.error('nothing was trusted');
    return 1;
  }
  const { uid, resourceVersion } = playbook.metadata;
  const answer = await client.patch(
    playbooks,
    { name, namespace },
    { metadata: { uid, resourceVersion, annotations: { [annotations.trust]: digest } } },
    { type: 'merge', fieldManager: askingManager('trust', digest) },
  );
  if (answer.metadata.annotations?.[annotations.trust] === digest)
    throw new UsageError(
      "the API server took the request, but nothing sealed it, so it counts for nothing: Sentinel's webhook is not in force. Tell your cluster admin",
    );
  io.out(`playbook.sentinel.dev/${name} trusted`);
  return 0;
}

// What is sealed is the digest of what was shown; the operator's own must be the same, or one of the two did not see all of it.
function digestOfShown({ spec, status, metadata }: Playbook): string {
  const digest = playbookDigest({ spec });
  if (status?.digest === digest) return digest;
  if (status?.digest === undefined || status.observedGeneration !== metadata.generation)
    throw new UsageError('the operator has not looked at this Playbook yet; try again in a moment');
  throw new UsageError(
    `the digest of what was read (${digest}) is not the one that the operator found (${status.digest}); do not trust it, and tell your cluster admin`,
  );
}

/** A Playbook for a person who is about to vouch for it. */
export function renderPlaybook({ metadata, spec }: Playbook, digest: string, paint: Paint): string {
  const author = parseIdentity(metadata.annotations?.[annotations.author])?.user ?? '<unknown>';
  const step = ({ name, command, env }: Playbook['spec']['steps'][number]) => [
    `  ${visible(name)}: ${visible(JSON.stringify(command))}`,
    ...(env ?? []).map((one) => `    ${visible(`${one.name}=${one.value}`)}`),
  ];
  const parameters = (spec.parameters ?? []).map(
    ({ name, type, pattern, enum: values, required, allowLeadingDash }) =>
      `  ${visible(name)}: ${visible([type, required && 'required', pattern && `must match ${pattern}`, values && `one of ${values.join(', ')}`, allowLeadingDash && 'may begin with -'].filter(Boolean).join(', '))}`,
  );
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? [paint('bold', title), ...lines] : []);
  return [
    `${paint('bold', `Playbook ${visible(`${metadata.namespace ?? ''}/${metadata.name}`)}`)}  written by ${visible(author)}`,
    visibleBlock(spec.description, '  | '),
    `  account ${visible(spec.account)}, profile ${visible(spec.sandbox.profile)}, image ${visible(spec.sandbox.image)}`,
    ...section('PARAMETERS', parameters),
    ...section('STEPS', spec.steps.flatMap(step)),
    ...section('VERIFICATION', (spec.verify ?? []).flatMap(step)),
    `${paint('bold', 'ROLLBACK')}  ${spec.rollback ? visible([spec.rollback.from, spec.rollback.reason].filter(Boolean).join(': ')) : 'none needed'}`,
    `${paint('bold', 'DIGEST')}  ${digest}`,
  ].join('\n');
}
