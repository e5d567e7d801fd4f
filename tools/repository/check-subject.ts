import { readFileSync } from 'node:fs';
import { subjectFaults } from './subject.ts';

// The hook `commit-msg`: the file with the message is the argument.
const faults = subjectFaults(readFileSync(process.argv[2] ?? '', 'utf8'));
for (const fault of faults) console.error(`commit: ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
