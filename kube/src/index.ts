/** A small controller runtime for Kubernetes. See ../README.md for the contract. */
export * from './backoff.ts';
export * from './client.ts';
export * from './client-options.ts';
export * from './clock.ts';
export * from './config.ts';
export * from './errors.ts';
export { registry } from './metrics.ts';
export * from './resources.ts';
export * from './transport.ts';
export * from './types.ts';
