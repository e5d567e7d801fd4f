import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildPrograms, goModule, loadImage, paths } from '@sentinel/cluster';
import { admin } from '../test/lib/cluster.ts';
import { run } from '../tools/run.ts';

// Kyverno on the embedded cluster, to be measured beside Sentinel: its admission controller, built from its Go module (checked with the
// checksum database) and installed by its own chart with the chart's own limits and settings. Its other controllers have no part in
// admission and stay away.

const NAMESPACE = 'kyverno';

/** Builds Kyverno (about 15 minutes the first time) and installs it; the answer takes it away again. */
export async function installKyverno(): Promise<() => Promise<void>> {
  process.stderr.write('==> Kyverno: its first build takes about 15 minutes\n');
  await buildPrograms({ only: ['kyverno'], sources: import.meta.dirname });
  const [controller, init] = await Promise.all(['kyverno', 'kyverno-init'].map(imageOf));
  const source = await goModule(join(import.meta.dirname, 'kyverno'), 'github.com/kyverno/kyverno');
  const crds = join(source, 'config', 'crds');
  await admin.kubectl(['apply', '--server-side', '--recursive', '-f', crds]);
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-kyverno-'));
  try {
    const values = join(folder, 'values.json');
    writeFileSync(values, JSON.stringify(settings(controller ?? '', init ?? '')));
    const where = ['--namespace', NAMESPACE, '--create-namespace', '--wait', '--timeout', '180s'];
    await helm('upgrade', '--install', 'kyverno', chartOf(source, folder), '--values', values, ...where);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return async () => {
    await helm('uninstall', 'kyverno', '--namespace', NAMESPACE, '--wait');
    // It makes these itself while it runs.
    const own = ['-l', 'webhook.kyverno.io/managed-by=kyverno'];
    await admin.kubectl(['delete', 'validatingwebhookconfigurations,mutatingwebhookconfigurations', ...own]);
    await admin.kubectl(['delete', '--recursive', '-f', crds, '--ignore-not-found', '--wait=false']);
    await admin.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  };
}

const helm = (...args: string[]) => run(join(paths.bin, 'helm'), args, { env: { KUBECONFIG: paths.kubeconfig } });

/** An image of one of its programs, loaded into the cluster; the answer is its name. */
async function imageOf(program: string): Promise<string> {
  const { archive, name } = await buildImage({
    name: `localhost/${program}:bench`,
    files: [{ from: join(paths.bin, program), to: `/${program}`, mode: 0o755 }],
    entrypoint: [`/${program}`],
  });
  await loadImage(archive);
  return name;
}

/** A copy of the chart without the sub-charts that would have to be fetched: CRDs are applied from the module. */
function chartOf(source: string, folder: string): string {
  const chart = join(folder, 'chart');
  cpSync(join(source, 'charts', 'kyverno'), chart, { recursive: true });
  const file = join(chart, 'Chart.yaml');
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  writeFileSync(file, text.slice(0, text.indexOf('\ndependencies:') + 1));
  rmSync(join(chart, 'charts'), { recursive: true, force: true });
  return chart;
}

function settings(controller: string, init: string): object {
  const image = (name: string) => {
    const [registry, rest = ''] = name.split('/');
    const [repository, tag] = rest.split(':');
    return { image: { registry, repository, tag } };
  };
  const off = { enabled: false };
  return {
    crds: { install: false, migration: off },
    admissionController: { container: image(controller), initContainer: image(init) },
    backgroundController: off,
    cleanupController: off,
    reportsController: off,
    webhooksCleanup: off,
    // Else the API server itself would judge by what Kyverno makes of its policies.
    features: { generateValidatingAdmissionPolicy: off },
  };
}
