import { bundlePlugin } from './bundle.ts';

/** Makes `kubectl sentinel`, one file for the PATH of a person. */
process.stdout.write(`${await bundlePlugin()}\n`);
