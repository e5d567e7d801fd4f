/** Additional exports for tests and benchmarks. Not imported by any program. */
export { observeActions, summarizeActions } from './metrics.ts';
