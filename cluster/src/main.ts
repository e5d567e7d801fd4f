import { installDebianPackages } from './build/debian.ts';
import { goEnvironment } from './build/go.ts';
import { down, loadImage, paths, status, up } from './index.ts';
import { beQuiet, run } from './machine/run.ts';

const usage = `usage: node cluster/src/main.ts COMMAND
  setup         install what building it needs: Debian packages and Go
  up [--quiet]  start the embedded Kubernetes (builds it the first time)
  down          stop it and remove its traces
  status        say how it is
  env           print shell lines that point kubectl and helm at it
  load FILE...  load OCI archives into it`;

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  setup: async () => {
    await installDebianPackages();
    console.log(`ready to build: Node ${process.version}, ${(await run('go', ['version'], await goEnvironment())).trim()}`);
  },
  up: async (options) => {
    if (options.includes('--quiet')) beQuiet();
    await up();
  },
  down,
  status: async () => {
    const now = await status();
    for (const { name, pid, running } of now.programs) console.log(`${running ? 'running' : 'ended  '}  ${name} (${pid})`);
    console.log(now.up ? `up, at ${now.server}` : 'down');
    if (!now.up) process.exitCode = 1;
  },
  env: async () => console.log(`export KUBECONFIG='${paths.kubeconfig}'\nexport PATH='${paths.bin}':"$PATH"`),
  load: async (files) => {
    for (const file of files) await loadImage(file);
  },
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await command(args).catch((error: unknown) => {
    console.error(`sentinel cluster: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
