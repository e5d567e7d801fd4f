/** What tests and benchmarks use of the package beside its exports. Nothing of the product imports it. */
export { observeActions, summarizeActions } from './metrics.ts';
