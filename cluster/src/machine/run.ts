import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

let quiet = false;

/** From now on there are no progress lines: only errors are told. */
export function beQuiet(): void {
  quiet = true;
}

/** Writes a progress line for people. */
export function say(line: string): void {
  if (!quiet) process.stderr.write(`==> ${line}\n`);
}

/** Runs a program and gives what it printed. Throws an Error with the end of its stderr when it fails. */
export async function run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout } = await execute(program, [...args], { maxBuffer: 64 << 20, ...(env && { env }) });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const detail = stderr === '' ? String(error instanceof Error ? error.message : error) : stderr.slice(-2000);
    throw new Error(`${program} ${args.slice(0, 6).join(' ')}: ${detail}`);
  }
}

/** Runs a program with something to read, as `nft -f -` wants it. */
export async function runWithInput(program: string, args: readonly string[], input: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program}: ${stderr.trim()}`))));
    child.stdin.end(input);
  });
}

/** Tries until the function gives true. What it throws counts as "not yet" and is told when time is up. */
export async function until(what: string, seconds: number, check: () => Promise<boolean>, everyMs = 100): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last = '';
  for (;;) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error instanceof Error ? `: ${error.message}` : '';
    }
    if (Date.now() > end) throw new Error(`gave up waiting ${seconds} s for ${what}${last}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
