import { createInterface } from 'node:readline/promises';
import { runCli } from './main.ts';

/** The process: terminal in, exit code out. */
process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
  ask: process.stdin.isTTY ? ask : undefined,
  colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
  now: () => Date.now(),
});

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(question);
  terminal.close();
  return answer;
}
