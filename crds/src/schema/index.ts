export { customResourceDefinition } from './crd.ts';
export { apiReference } from './reference.ts';
