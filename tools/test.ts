import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { down, paths, up } from '@sentinel/cluster';
import { noteImages } from '../test/lib/images.ts';
import { collectorEndpoint, startTelemetry } from '../test/lib/telemetry.ts';
import { installSentinel, makeImages } from './install.ts';

/**
 * Proves everything, in an order in which the quick things fail first. `--fast` stops before the cluster. Ends with a line
 * `N passed, N failed`; what it started it ends, also when something fails (KEEP=1 leaves the cluster for a look).
 */
const root = join(import.meta.dirname, '..');
const fast = process.argv.includes('--fast');
const total = { passed: 0, failed: 0 };
const begun = performance.now();

const say = (text: string) => process.stderr.write(`\n==> [${((performance.now() - begun) / 1000).toFixed(0)} s] ${text}\n`);

function run(program: string, args: readonly string[], cwd = root): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KUBECONFIG: paths.kubeconfig },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.once('error', (error) => resolve({ code: 127, output: String(error) }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A check that is good or bad as a whole. */
async function check(what: string, program: string, args: readonly string[], cwd?: string): Promise<void> {
  say(what);
  const { code } = await run(program, args, cwd);
  if (code === 0) total.passed += 1;
  else {
    total.failed += 1;
    say(`FAILED: ${what}`);
  }
}

/** Test files of node:test; each test counts. Without a number of processes all run in one: quick, for tests that share nothing. */
async function tests(what: string, files: readonly string[], processes?: number): Promise<void> {
  say(`${what} (${files.length} files)`);
  const { code, output } = await run(process.execPath, [
    '--test',
    '--test-reporter=spec',
    processes === undefined ? '--test-isolation=none' : `--test-concurrency=${processes}`,
    ...files,
  ]);
  const count = (name: string) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  total.passed += count('pass');
  total.failed += failed === 0 && (code !== 0 || count('pass') === 0) ? 1 : failed;
}

const find = (...patterns: string[]) =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' })).sort();

async function quickChecks(): Promise<void> {
  await check('lint', join(root, 'node_modules/@biomejs/cli-linux-x64/biome'), ['check', '.']);
  await check('types', join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
  await check('generated files are current', process.execPath, ['tools/generate.ts', '--check']);
  await tests(
    'unit tests',
    find('{crds,policy,kube,operator,webhook,gateway,cli,tools}/**/*.test.ts').filter((file) => !file.includes('integration')),
  );
}

async function clusterTests(): Promise<void> {
  say('the embedded cluster');
  await down();
  await up();
  await check('unit tests of the NetworkPolicy engine', 'go', ['test', './...'], join(root, 'cluster/programs/netpol'));
  await tests('the embedded cluster', find('cluster/test/{cluster,networkpolicy}.test.ts', 'kube/test/*.test.ts'), 1);
  say('images and installation');
  const images = await makeImages();
  noteImages({ sentinel: images.sentinel.reference, tools: images.tools.reference });
  const telemetry = await startTelemetry();
  try {
    await installSentinel(images.sentinel.reference, { 'audit.otlpEndpoint': collectorEndpoint });
    await tests('end to end', find('test/e2e/*.test.ts'), 3);
    await tests('end to end, one at a time: what disturbs all of an installation', find('test/serial/*.test.ts'), 1);
  } finally {
    await telemetry.stop();
  }
}

try {
  await quickChecks();
  if (!fast) await clusterTests();
} catch (error) {
  total.failed += 1;
  say(`FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
} finally {
  if (!fast && process.env.KEEP !== '1') await tests('nothing is left behind', find('cluster/test/leftovers.test.ts'), 1);
}
say('done');
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
