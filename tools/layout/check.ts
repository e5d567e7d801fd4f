import { join } from 'node:path';
import { layoutFaults } from './faults.ts';
import { layout } from './layout.ts';
import { readSources } from './read-sources.ts';

/** Prints what is wrong with the layout of the repository, a line each. The exit code is 1 when anything is. */
const faults = layoutFaults(readSources(join(import.meta.dirname, '..', '..')), layout);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
