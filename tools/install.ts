import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, loadImage, nodeFiles, nodeImage, paths, toolsImage } from '@sentinel/cluster';
import { bundleInspect, bundlePlugin, bundlePrograms } from './bundle.ts';
import { run } from './run.ts';

const root = join(import.meta.dirname, '..');
const NODE = '/usr/local/bin/node';

/** The images of an installation, by digest. */
export interface Images {
  readonly sentinel: Image;
  readonly tools: Image;
}

/** Bundles the programs, makes the two images that the demo and the tests need, and the plugin for people. Quick when nothing changed. */
export async function buildImages(): Promise<Images> {
  const [folder, inspect] = await Promise.all([bundlePrograms(), bundleInspect(), bundlePlugin()]);
  const files = readdirSync(folder).map((name) => ({ from: join(folder, name), to: `/app/${name}`, mode: 0o644 }));
  const sentinel = await nodeImage({
    name: 'localhost/sentinel:dev',
    files,
    entrypoint: [NODE, '--enable-source-maps', '/app/sentinel.mjs'],
  });
  const tools = await toolsImage({
    name: 'localhost/tools:dev',
    files: [...(await nodeFiles()), { from: inspect, to: '/usr/local/bin/sentinel-inspect', mode: 0o755 }],
  });
  return { sentinel, tools };
}

/** Makes the images and loads them into the embedded cluster. */
export async function makeImages(): Promise<Images> {
  const images = await buildImages();
  for (const image of [images.sentinel, images.tools]) await loadImage(image.archive);
  return images;
}

/** The values of the chart for a reference to an image: a name with a tag, a digest, or both. */
export function imageValues(reference: string): Record<string, string> {
  const [name = '', digest = ''] = reference.split('@');
  const [, repository = '', tag = ''] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  return { 'image.registry': '', 'image.repository': repository, 'image.tag': tag, 'image.digest': digest };
}

/**
 * What the tests and the work on the programs install: they stop, start and read the one operator, and need a floor that allows standing
 * approvals. test/chart installs the defaults.
 */
export const testSettings = { 'operator.replicas': 1, 'floor.standingApprovals': '30d' } as const;

/** Where to install, and with which helm; the embedded cluster when left out. */
export interface Place {
  readonly helm: string;
  readonly kubeconfig: string;
}

const embedded: Place = { helm: join(paths.bin, 'helm'), kubeconfig: paths.kubeconfig };

/** Installs Sentinel from the chart, or upgrades it, and waits until all of it is ready. */
export async function installSentinel(
  image: string,
  settings: Readonly<Record<string, string | boolean | number>> = {},
  { helm, kubeconfig }: Place = embedded,
): Promise<void> {
  const values = { ...imageValues(image), ...settings };
  const sets = Object.entries(values).flatMap(([key, value]) => [
    typeof value === 'string' ? '--set-string' : '--set',
    `${key}=${value}`,
  ]);
  const env = { KUBECONFIG: kubeconfig };
  await run(
    helm,
    ['upgrade', '--install', 'sentinel', join(root, 'charts', 'sentinel'), ...sets, '--wait', '--timeout', '120s'],
    { env },
  );
}
