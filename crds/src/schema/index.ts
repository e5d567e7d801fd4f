export { countFaults } from './count-faults.ts';
export { customResourceDefinition } from './crd.ts';
export { apiReference } from './reference.ts';
export { type Schema, structuralSchema } from './structural.ts';
