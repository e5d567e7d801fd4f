import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * Leaves out of the plugin what it does not use of the libraries. Importing one of their modules has no effect that it needs: metrics, which
 * register themselves, belong to the programs. Commands are loaded when they run, and each brings only what it imports.
 */
const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === withoutSideEffects || rest.kind === 'entry-point') return undefined;
      const found = await resolve(path, { ...rest, pluginData: withoutSideEffects });
      if (found.errors.length > 0 || !LIBRARY.test(found.path)) return undefined;
      return { path: found.path, sideEffects: false };
    });
  },
};
const LIBRARY = /\/(crds|policy|kube)\/src\/|\/node_modules\/@kubernetes\/client-node\/dist\//;

/** Where the bundles of the programs are. */
export const programs = join(root, 'dist', 'programs');

/** The plugin as one file, which runs wherever Node 24 is. */
export const plugin = join(root, 'dist', 'kubectl-sentinel');

/** Bundles `kubectl sentinel` into one executable file: it starts in a third of the time that the sources take, and needs none of them. */
export async function bundlePlugin(): Promise<string> {
  mkdirSync(dirname(plugin), { recursive: true });
  // As long as it lies in the checkout, whose files are modules.
  writeFileSync(join(dirname(plugin), 'package.json'), '{"type":"commonjs"}\n');
  await build({
    entryPoints: [join(root, 'cli', 'src', 'entry.ts')],
    outfile: plugin,
    bundle: true,
    // A file without a suffix is CommonJS to every Node, so that an old one reads as far as the sentence that it is told.
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    // Half of the time that a short command takes is spent on reading and parsing this file.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [withoutSideEffects],
    banner: {
      js: [
        '#!/usr/bin/env node',
        "if (parseInt(process.versions.node, 10) < 24) { console.error('kubectl sentinel needs Node 24 or newer; this is ' + process.version); process.exit(1); }",
      ].join('\n'),
    },
    logLevel: 'error',
  });
  chmodSync(plugin, 0o755);
  copyFileSync(join(root, 'cli', 'bin', 'kubectl_complete-sentinel'), join(dirname(plugin), 'kubectl_complete-sentinel'));
  return plugin;
}

/** `sentinel-inspect` as one file, for the image of the Playbooks that read. */
export const inspect = join(root, 'dist', 'sentinel-inspect');

/** Bundles `sentinel-inspect` into one executable file. It is run as a step of a Playbook, in an image with Node at the usual place. */
export async function bundleInspect(): Promise<string> {
  await build({
    entryPoints: [join(root, 'tools', 'image', 'inspect.ts')],
    outfile: inspect,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    banner: { js: '#!/usr/local/bin/node' },
    logLevel: 'error',
  });
  chmodSync(inspect, 0o755);
  return inspect;
}

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
