import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import {
  buildNetpolConformance,
  kernelHasSctp,
  layout,
  loadImage,
  netpolConformanceArgs,
  netpolConformanceReport,
  paths,
  status,
} from '@sentinel/cluster';
import { run as runProgram } from '../run.ts';
import { page } from './page.ts';
import { readOutcomes } from './report.ts';

/**
 * Runs Kubernetes' own tests of NetworkPolicy on the running embedded cluster, and writes what passes and what does not into
 * docs/development/network-policies.md. Ends with a line `N passed, N failed`, and without success when a test failed.
 */
const root = join(import.meta.dirname, '..', '..');
const say = (line: string) => process.stderr.write(`==> ${line}\n`);
// A proxy that the caller's environment names cannot reach the cluster.
const noProxy = { NO_PROXY: layout.apiAddress, no_proxy: layout.apiAddress };

async function judge(): Promise<boolean> {
  if (!(await status()).up)
    throw new Error('the embedded cluster does not run: start it with `make cluster-up`, then run this again');
  const { program, image } = await buildNetpolConformance();
  await loadImage(image.archive);
  const sctp = kernelHasSctp();
  const reports = join(paths.cache, 'netpol-conformance');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const log = join(paths.logs, 'netpol-conformance.log');
  say(`running Kubernetes' NetworkPolicy tests (about half an hour); they write to ${log}`);
  await runToEnd(program, netpolConformanceArgs({ kubeconfig: paths.kubeconfig, reports, sctp }), log);
  const outcomes = readOutcomes(readReport(reports, log), { sctp });
  writeFileSync(
    join(root, 'docs/development/network-policies.md'),
    page({ kubernetes: await serverVersion(), kernel: release().split('-', 1)[0] ?? '', outcomes }),
  );
  say('wrote docs/development/network-policies.md');
  for (const { name, outcome, reason } of outcomes) if (outcome !== 'passed') say(`${outcome}: ${name}: ${reason}`);
  const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  process.stdout.write(`${count('passed')} passed, ${count('failed')} failed\n`);
  return count('passed') > 0 && count('failed') === 0;
}

/** The report tells how each test ended: the exit code says less. */
function runToEnd(program: string, args: readonly string[], log: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const output = openSync(log, 'w');
    const child = spawn(program, args, { env: { ...process.env, ...noProxy }, stdio: ['ignore', output, output] });
    closeSync(output);
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

function readReport(reports: string, log: string): string {
  try {
    return readFileSync(netpolConformanceReport(reports), 'utf8');
  } catch {
    const words = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
    throw new Error(`the NetworkPolicy tests ended without a report:\n${words}\nEverything that they wrote: ${log}`);
  }
}

async function serverVersion(): Promise<string> {
  const answer = await runProgram(paths.kubectl, ['--kubeconfig', paths.kubeconfig, 'get', '--raw', '/version'], {
    env: noProxy,
  });
  return (JSON.parse(answer) as { gitVersion: string }).gitVersion;
}

try {
  if (!(await judge())) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
