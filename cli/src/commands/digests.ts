import { clusterAgentPolicies, type Playbook, PlaybookSpec, playbooks } from '@sentinel/crds';
import { playbookDigest, trustedDigests } from '@sentinel/policy';
import { readManifest } from '../input/index.ts';
import { type Session, UsageError } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { table, withoutHeadings } from '../terminal/table.ts';

export interface DigestsFlags {
  readonly filename?: string;
  readonly untrusted?: boolean;
}

/** A digest, and the copies of the Playbook that have it. */
interface Entry {
  readonly digest: string;
  readonly copies: readonly Copy[];
}
interface Copy {
  readonly metadata: Playbook['metadata'];
  readonly status: Playbook['status'] | undefined;
  readonly digest: string;
}

/**
 * Prints the digests of Playbooks, each once, however many namespaces have it: those of the cluster, or those that a manifest will have. With
 * `-o yaml` in the form of `playbooks.trustedDigests` of a ClusterAgentPolicy. `untrusted` leaves out what is trusted everywhere, and of a
 * manifest what the floor trusts.
 */
export async function digests(session: Session, names: readonly string[], flags: DigestsFlags): Promise<number> {
  const { io } = session;
  const format = formatOf(session.flags.output);
  if (flags.filename !== undefined && names.length > 0)
    throw new UsageError('FlagConflict', '-f prints the digests of a manifest: leave the names out');
  const copies = flags.filename === undefined ? await ofCluster(session, names) : await ofManifest(session, flags.filename);
  const all = byDigest(copies);
  const entries = flags.untrusted ? await withoutTrusted(session, all, flags) : all;
  if (format) io.out(raw(entries.map(entryOf), format, session.flags));
  else if (entries.length === 0) io.error(flags.untrusted ? 'Every Playbook is trusted.' : 'No Playbook was found.');
  else io.out(withoutHeadings(flags.filename === undefined ? tableOf(entries) : shortTableOf(entries), session.flags));
  return 0;
}

const tableOf = (entries: readonly Entry[]) =>
  table(['PLAYBOOK', 'NAMESPACES', 'TRUSTED', 'FLOOR', 'DIGEST'], entries.map(rowOf));
const shortTableOf = (entries: readonly Entry[]) =>
  table(
    ['PLAYBOOK', 'DIGEST'],
    entries.map(({ digest, copies }) => [namesOf(copies), digest]),
  );

// What a manifest will have is trusted if the floor trusts it: nobody can have sealed it yet.
async function withoutTrusted({ client }: Session, entries: readonly Entry[], { filename }: DigestsFlags): Promise<Entry[]> {
  if (filename === undefined) return entries.filter(({ copies }) => !copies.every(isTrusted));
  const trusted = trustedDigests((await client.list(clusterAgentPolicies)).items);
  return entries.filter(({ digest, copies }) => {
    const found = trusted.get(digest);
    return !found || (found.name !== undefined && copies.some(({ metadata }) => metadata.name !== found.name));
  });
}

// Bound to its name where it has one only.
function entryOf({ digest, copies }: Entry): object {
  const names = namesOf(copies);
  return { digest, ...(names.includes(',') ? { comment: names } : { name: names }) };
}

const rowOf = ({ digest, copies }: Entry) => [
  namesOf(copies),
  new Set(copies.map(({ metadata }) => metadata.namespace)).size,
  `${copies.filter(isTrusted).length}/${copies.length}`,
  copies.some(({ status }) => status?.trustedByPolicies?.length) ? 'yes' : 'no',
  digest,
];

/** The room of a comment in `playbooks.trustedDigests`. */
const COMMENT_MAX = 256;
const namesOf = (copies: readonly Copy[]) =>
  [...new Set(copies.map(({ metadata }) => metadata.name))].join(', ').slice(0, COMMENT_MAX);

// What the status says of another digest is about an earlier version.
const isTrusted = ({ digest, status }: Copy): boolean =>
  status?.digest === digest && status.conditions?.find(({ type }) => type === 'Trusted')?.status === 'True';

function byDigest(copies: readonly Copy[]): Entry[] {
  return [...Map.groupBy(copies, ({ digest }) => digest)]
    .map(([digest, same]) => ({ digest, copies: same }))
    .sort((a, b) => (`${namesOf(a.copies)} ${a.digest}` < `${namesOf(b.copies)} ${b.digest}` ? -1 : 1));
}

async function ofCluster({ client, namespace, flags }: Session, names: readonly string[]): Promise<Copy[]> {
  const { items } = await client.list(playbooks, flags.allNamespaces ? {} : { namespace });
  const missing = names.find((name) => !items.some(({ metadata }) => metadata.name === name));
  if (missing !== undefined) throw new UsageError('ObjectNotFound', `there is no Playbook '${missing}'`);
  return items
    .filter(({ metadata }) => names.length === 0 || names.includes(metadata.name))
    .map((playbook) => ({ metadata: playbook.metadata, status: playbook.status, digest: playbookDigest(playbook) }));
}

// The API server fills in the same defaults.
async function ofManifest({ io }: Session, path: string): Promise<Copy[]> {
  const found = (await readManifest(path, io.stdin)).filter(({ kind }) => kind === 'Playbook');
  return found.map((object) => {
    const { metadata, spec } = object as unknown as Partial<Playbook>;
    const parsed = PlaybookSpec.safeParse(spec);
    const name = metadata?.name ?? '';
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageError('FileInvalid', `Playbook '${name}': \`spec.${issue?.path.join('.')}\`: ${issue?.message}`);
    }
    return { metadata: { ...metadata, name }, status: undefined, digest: playbookDigest({ spec: parsed.data }) };
  });
}
