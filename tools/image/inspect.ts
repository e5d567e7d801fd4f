import { runInspect } from '@sentinel/inspect/main';

/** The entry point of `sentinel-inspect` in the image of the tools. */
runInspect(process.argv.slice(2), process.env).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`sentinel-inspect: ${String(error)}\n`);
    process.exitCode = 1;
  },
);
