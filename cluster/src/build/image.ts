import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { paths } from '../machine/paths.ts';
import { run } from '../machine/run.ts';

/** What an image is made of: one layer, nothing below it. */
export interface ImageRecipe {
  /** Full name with tag, such as `localhost/sentinel:dev`. */
  readonly name: string;
  /** Files of this machine (symbolic links are followed, folders are copied whole) and where they go. */
  readonly files: readonly { readonly from: string; readonly to: string; readonly mode?: number }[];
  /** Symbolic links: where, and what they point to. */
  readonly links?: readonly { readonly at: string; readonly to: string }[];
  /** Text files, by path. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workdir?: string;
}

/** A built image: an OCI archive, and the two names it can be run by. */
export interface Image {
  readonly archive: string;
  /** `sha256:…` of the manifest. */
  readonly digest: string;
  /** The name it was built with. */
  readonly name: string;
  /** The name with the digest in place of the tag, such as `localhost/sentinel@sha256:…`. */
  readonly reference: string;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** Builds an image, or gives the one that was built before from the same inputs. */
export async function buildImage(recipe: ImageRecipe): Promise<Image> {
  const folder = join(paths.images, await recipeHash(recipe));
  const record = join(folder, 'image.json');
  if (!existsSync(record)) await build(recipe, folder);
  const { digest } = JSON.parse(await readFile(record, 'utf8')) as { digest: string };
  const reference = `${recipe.name.replace(/:[^:/]*$/, '')}@${digest}`;
  return { archive: join(folder, 'image.tar'), digest, name: recipe.name, reference };
}

/** The hash counts what the files hold, not what they are called on this machine. */
async function recipeHash(recipe: ImageRecipe): Promise<string> {
  const files = await Promise.all(
    recipe.files.map(async ({ from, to, mode }) => ({ to, mode, content: await contentHash(from) })),
  );
  const hash = createHash('sha256').update(JSON.stringify({ format: 2, ...recipe, files }));
  return hash.digest('hex').slice(0, 32);
}

async function contentHash(path: string): Promise<string> {
  const found = await stat(path);
  if (found.isDirectory()) {
    const script =
      'cd "$1" && find -L . -type f -print0 | sort -z | xargs -0r sha256sum && find -L . -type f -perm /111 | sort && find -L . -type d | sort';
    const listing = await run('sh', ['-c', script, 'sh', path]);
    return createHash('sha256').update(listing).digest('hex');
  }
  return `${await fileHash(path)} ${found.mode & 0o111 ? 'x' : '-'}`;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function build(recipe: ImageRecipe, folder: string): Promise<void> {
  await mkdir(paths.images, { recursive: true });
  const temporary = await mkdtemp(join(paths.images, '.building-'));
  try {
    const root = join(temporary, 'root');
    const blobs = join(temporary, 'image', 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    await fillRoot(recipe, root);
    const layer = await addLayer(root, blobs);
    const config = await addJson(blobs, imageConfig(recipe, layer));
    const manifest = await addJson(blobs, {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    });
    const annotations = { 'io.containerd.image.name': recipe.name };
    const manifests = [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, annotations }];
    await writeFile(join(temporary, 'image', 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    await writeFile(join(temporary, 'image', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const done = join(temporary, 'done');
    await mkdir(done);
    await run('tar', ['-C', join(temporary, 'image'), '-cf', join(done, 'image.tar'), 'oci-layout', 'index.json', 'blobs']);
    await writeFile(join(done, 'image.json'), JSON.stringify({ name: recipe.name, digest: manifest.digest }));
    await rename(done, folder).catch((error: unknown) => {
      // Somebody else built the same meanwhile.
      if (!existsSync(join(folder, 'image.json'))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function fillRoot(recipe: ImageRecipe, root: string): Promise<void> {
  await mkdir(join(root, 'tmp'), { recursive: true });
  for (const { from, to } of recipe.files) {
    const target = join(root, to);
    await mkdir(dirname(target), { recursive: true });
    await cp(from, target, { recursive: true, dereference: true });
  }
  for (const { at, to } of recipe.links ?? []) {
    await mkdir(dirname(join(root, at)), { recursive: true });
    await symlink(to, join(root, at));
  }
  for (const [to, text] of Object.entries(recipe.texts ?? {})) {
    await mkdir(dirname(join(root, to)), { recursive: true });
    await writeFile(join(root, to), text);
  }
  // Modes must not depend on the umask of who builds: everybody may read what nothing else is said of.
  await run('chmod', ['-R', 'u=rwX,go=rX', root]);
  for (const { to, mode } of recipe.files) if (mode !== undefined) await chmod(join(root, to), mode);
  await chmod(join(root, 'tmp'), 0o1777);
}

/** Owners, times and order are fixed, so that the same files give the same digest on every machine. */
async function addLayer(root: string, blobs: string): Promise<Blob> {
  const layer = join(blobs, 'layer');
  const fixed = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '--format=posix',
    '--pax-option=delete=atime,delete=ctime',
  ];
  await run('tar', ['-C', root, ...fixed, '-cf', layer, '.']);
  const hash = await fileHash(layer);
  const { size } = await stat(layer);
  await rename(layer, join(blobs, hash));
  return { digest: `sha256:${hash}`, size };
}

async function addJson(blobs: string, value: unknown): Promise<Blob> {
  const text = JSON.stringify(value);
  const hash = createHash('sha256').update(text).digest('hex');
  await writeFile(join(blobs, hash), text);
  return { digest: `sha256:${hash}`, size: Buffer.byteLength(text) };
}

function imageConfig(recipe: ImageRecipe, layer: Blob): unknown {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...recipe.env };
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...(recipe.entrypoint && { Entrypoint: recipe.entrypoint }),
      ...(recipe.user && { User: recipe.user }),
      ...(recipe.workdir && { WorkingDir: recipe.workdir }),
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'sentinel cluster' }],
  };
}
