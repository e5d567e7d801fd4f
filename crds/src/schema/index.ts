export { apiReference } from './api-reference.ts';
export { customResourceDefinition } from './crd.ts';
