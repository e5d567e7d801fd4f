/** Additional exports for tests and benchmarks. Not imported by any program. */
export { observeActions, observeSchedules, summarizeActions } from './metrics.ts';
