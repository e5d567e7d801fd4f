export { apiReference } from './api-reference.ts';
export { countFaults } from './count-faults.ts';
export { customResourceDefinition } from './crd.ts';
export { type Schema, structuralSchema } from './structural.ts';
