import { annotations, playbooks } from '@sentinel/crds';
import { parseIdentity, playbookDigest } from '@sentinel/policy';
import { visible } from '../print/visible.ts';
import { type Session, UsageError } from '../session.ts';

/** Shows a Playbook, asks, and asks Sentinel to seal the digest of what was shown. */
export async function trust(
  { client, namespace, io }: Session,
  name: string,
  flags: { readonly yes?: boolean },
): Promise<number> {
  const playbook = await client.get(playbooks, { name, namespace });
  if (!playbook) throw new UsageError(`there is no Playbook '${name}' in namespace '${namespace}'`);
  const digest = playbookDigest(playbook);
  const { spec } = playbook;
  const author = parseIdentity(playbook.metadata.annotations?.[annotations.author])?.user ?? 'unknown';
  io.out(
    [
      `Playbook ${namespace}/${name}, written by ${visible(author)}`,
      `  ${visible(spec.description)}`,
      `  profile ${spec.sandbox.profile}, account ${visible(spec.account)}, image ${visible(spec.sandbox.image)}`,
      ...[...spec.steps, ...(spec.verify ?? [])].map((step) => `  ${visible(step.name)}: ${visible(step.command.join(' '))}`),
      `  way back: ${spec.rollback ? spec.rollback.from : 'none needed'}`,
      `  ${digest}`,
    ].join('\n'),
  );
  if (!flags.yes) {
    if (!io.ask) throw new UsageError('nobody is there to answer; pass --yes');
    if (!/^y(es)?$/i.test((await io.ask('\nTrust this Playbook? [y/N] ')).trim())) return 1;
  }
  await client.patch(
    playbooks,
    { name, namespace },
    { metadata: { resourceVersion: playbook.metadata.resourceVersion, annotations: { [annotations.trust]: digest } } },
    { type: 'merge', fieldManager: 'kubectl-sentinel' },
  );
  io.out(`playbook.sentinel.dev/${name} trusted`);
  return 0;
}
