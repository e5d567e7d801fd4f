/** Additional exports for tests and benchmarks. Not imported by any program. */
export * from './metrics.ts';
