import { join } from 'node:path';
import { paths } from '../machine/paths.ts';
import { run } from '../machine/run.ts';
import { buildImage, type Image, type ImageRecipe } from './image.ts';
import { buildPrograms } from './programs.ts';

const nonroot = '65532:65532';
const accounts = {
  '/etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nnonroot:x:65532:\n',
};

/** The image whose one program holds a pod's namespaces. */
export async function pauseImage(): Promise<Image> {
  await buildPrograms({ only: ['pause'] });
  return buildImage({
    name: 'localhost/pause:dev',
    files: [{ from: join(paths.bin, 'pause'), to: '/pause', mode: 0o755 }],
    entrypoint: ['/pause'],
    user: nonroot,
  });
}

/** Node of this machine with the libraries that it is linked to, for an image whose programs need it. */
export async function nodeFiles(): Promise<ImageRecipe['files']> {
  const libraries = [...(await run('ldd', [process.execPath])).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path);
  return [
    { from: process.execPath, to: '/usr/local/bin/node', mode: 0o755 },
    ...libraries.map((path) => ({ from: path, to: path })),
  ];
}

/** An image with Node, the libraries it is linked to, the usual certificate authorities, and the files given. */
export async function nodeImage(recipe: Pick<ImageRecipe, 'name' | 'files' | 'entrypoint' | 'env' | 'links'>): Promise<Image> {
  return buildImage({
    ...recipe,
    files: [
      ...(await nodeFiles()),
      { from: '/etc/ssl/certs/ca-certificates.crt', to: '/etc/ssl/certs/ca-certificates.crt', mode: 0o644 },
      ...recipe.files,
    ],
    texts: accounts,
    env: { NODE_ENV: 'production', SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt', ...recipe.env },
    user: nonroot,
    workdir: '/tmp',
  });
}

/** An image with a shell, the usual small tools (busybox) and kubectl: what actions of the demo run in. */
export async function toolsImage(recipe: Pick<ImageRecipe, 'name'> & { readonly files?: ImageRecipe['files'] }): Promise<Image> {
  await buildPrograms({ only: ['kubectl'] });
  const applets = (await run('/bin/busybox', ['--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
  return buildImage({
    name: recipe.name,
    files: [
      { from: '/bin/busybox', to: '/bin/busybox', mode: 0o755 },
      { from: join(paths.bin, 'kubectl'), to: '/usr/local/bin/kubectl', mode: 0o755 },
      ...(recipe.files ?? []),
    ],
    links: applets.map((name) => ({ at: `/bin/${name}`, to: 'busybox' })),
    texts: accounts,
    env: { HOME: '/tmp' },
    entrypoint: ['/bin/sh'],
    user: nonroot,
    workdir: '/tmp',
  });
}
