import { join } from 'node:path';
import { paths } from './paths.ts';
import { run, until } from './run.ts';

const ctr = (...args: string[]) => run(join(paths.bin, 'ctr'), ['--address', paths.containerdSocket, '-n', 'k8s.io', ...args]);

/** Loads an OCI archive into the running cluster: pods can name its images by tag and by digest. */
export async function loadImage(archive: string): Promise<void> {
  const index = JSON.parse(await run('tar', ['-xOf', archive, 'index.json'])) as {
    manifests: { digest: string; annotations?: Record<string, string> }[];
  };
  await ctr('images', 'import', archive);
  const names: string[] = [];
  for (const { digest, annotations } of index.manifests) {
    const name = annotations?.['io.containerd.image.name'];
    if (!name) throw new Error(`${archive}: an image without the annotation io.containerd.image.name`);
    const byDigest = `${name.replace(/:[^:/]*$/, '')}@${digest}`;
    await ctr('images', 'tag', '--force', name, byDigest);
    names.push(name, byDigest);
  }
  // The kubelet's side of containerd hears of new names by events, a moment later.
  await until(`containerd to know ${names.join(', ')}`, 20, async () => {
    const lines = (await ctr('images', 'ls')).split('\n');
    return names.every((name) =>
      lines.some((line) => line.startsWith(`${name} `) && line.includes('io.cri-containerd.image=managed')),
    );
  });
}
