import { runCli } from './main.ts';

// `kubectl sentinel audit show X | head`: the reader closed the pipe, which is not an error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

/** Runs the process: connects the terminal and sets the exit code. */
void runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  isTTY: { stdin: process.stdin.isTTY === true, stdout: process.stdout.isTTY === true },
  env: process.env,
}).then((code) => {
  process.exitCode = code;
});
