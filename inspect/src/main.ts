import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderMarkdown, renderTerminal } from '@sentinel/findings';
import { createClient, createTransport, loadConfig } from '@sentinel/kube';
import { readCommandLine } from './command-line.ts';
import { makeReport } from './make-report.ts';
import { UsageError } from './usage-error.ts';

/**
 * `sentinel-inspect`: reads the cluster as any client of a sandbox does, and writes what it found as the results `findings` (JSON) and `report`
 * (Markdown). Exit code 0: the report was made, whatever it says; 1: it could not be made; 2: the command line is wrong.
 */
export async function runInspect(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const line = readCommandLine(argv);
    const config = loadConfig();
    const client = createClient(createTransport(config, { userAgent: 'sentinel-inspect' }));
    const report = await makeReport(line, client, config.namespace, Date.now());
    const folder = env.SENTINEL_RESULTS;
    if (folder !== undefined && folder !== '') {
      writeFileSync(join(folder, 'findings'), JSON.stringify(report));
      writeFileSync(join(folder, 'report'), renderMarkdown(report));
    }
    process.stdout.write(`${renderTerminal(report)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`sentinel-inspect: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
