import { join } from 'node:path';
import { paths } from './machine/paths.ts';
import { run, until } from './machine/run.ts';

const ctr = (...args: string[]) => run(join(paths.bin, 'ctr'), ['--address', paths.containerdSocket, '-n', 'k8s.io', ...args]);

/** Loads an OCI archive into the running cluster: pods can name its images by tag and by digest. */
export async function loadImage(archive: string): Promise<void> {
  const index = JSON.parse(await run('tar', ['-xOf', archive, 'index.json'])) as {
    manifests: { digest: string; annotations?: Record<string, string> }[];
  };
  const images = index.manifests.map(({ digest, annotations }) => {
    const name = annotations?.['io.containerd.image.name'];
    if (!name) throw new Error(`${archive}: an image without the annotation io.containerd.image.name`);
    return { name, byDigest: `${name.replace(/:[^:/]*$/, '')}@${digest}`, digest };
  });
  const wanted = images.flatMap(({ name, byDigest, digest }) => [name, byDigest].map((known) => ({ known, digest })));
  if (await areKnown(wanted)) return;
  await ctr('images', 'import', archive);
  for (const { name, byDigest } of images) await ctr('images', 'tag', '--force', name, byDigest);
  // The kubelet's side of containerd is notified of new names by events, a moment later.
  await until(`containerd to know ${wanted.map(({ known }) => known).join(', ')}`, 20, () => areKnown(wanted));
}

async function areKnown(wanted: readonly { known: string; digest: string }[]): Promise<boolean> {
  const lines = (await ctr('images', 'ls')).split('\n').filter((line) => line.includes('io.cri-containerd.image=managed'));
  return wanted.every(({ known, digest }) => lines.some((line) => line.startsWith(`${known} `) && line.includes(digest)));
}
