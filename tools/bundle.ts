import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Where the bundles of the programs are. */
export const programs = join(root, 'dist', 'programs');

/**
 * Bundles the programs of the image into dist/programs. Split, so that the gate of a sandbox loads nothing but itself. The
 * banner gives bundled CommonJS its `require`.
 */
export async function bundlePrograms(): Promise<string> {
  rmSync(programs, { recursive: true, force: true });
  await build({
    entryPoints: [join(root, 'tools', 'image', 'sentinel.ts')],
    outdir: programs,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return programs;
}
