import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage, type Image } from './build/image.ts';
import { buildPrograms } from './build/programs.ts';
import { paths } from './machine/paths.ts';
import { run } from './machine/run.ts';

const onDemand = join(import.meta.dirname, '../on-demand');

/** The tests of NetworkPolicy out of Kubernetes' own end-to-end tests. */
export interface NetpolConformance {
  readonly program: string;
  /** The image of the pods that the tests make, under the name that the tests give it. */
  readonly image: Image;
}

/** Builds the tests and agnhost, which their pods run, if that was not done yet (many minutes the first time). */
export async function buildNetpolConformance(): Promise<NetpolConformance> {
  await buildPrograms({ only: ['netpol-conformance', 'agnhost'], sources: onDemand });
  const program = join(paths.bin, 'netpol-conformance');
  const name = (await run(program, ['image'])).trim();
  const files = [{ from: join(paths.bin, 'agnhost'), to: '/agnhost', mode: 0o755 }];
  return { program, image: await buildImage({ name, files, entrypoint: ['/agnhost'] }) };
}

/** True when this kernel has SCTP, which some of the tests talk by. */
export const kernelHasSctp = (): boolean => existsSync('/proc/net/sctp');

/** The command line of the tests: all of them, except those that talk by SCTP where the kernel does not. */
export function netpolConformanceArgs({
  kubeconfig,
  reports,
  sctp,
}: {
  readonly kubeconfig: string;
  /** The folder that the report is written to. */
  readonly reports: string;
  readonly sctp: boolean;
}): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--provider=skeleton',
    `--report-dir=${reports}`,
    '--report-complete-ginkgo',
    '--ginkgo.no-color',
    // Without a focus, tests of optional features are left out: NetworkPolicy is one.
    '--ginkgo.focus=Netpol',
    ...(sctp ? [] : ['--ginkgo.skip=SCTPConnectivity']),
    // Against hanging alone.
    '--ginkgo.timeout=4h',
  ];
}

/** Where the tests write their report, in the folder of the command line. */
export const netpolConformanceReport = (reports: string): string => join(reports, 'ginkgo', 'report.json');
