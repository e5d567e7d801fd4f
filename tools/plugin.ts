import { bundlePlugin } from './bundle.ts';

/** Makes `kubectl sentinel`, one file for the PATH of a person, and beside it what lets kubectl complete it. */
process.stdout.write(`${await bundlePlugin()}\n`);
