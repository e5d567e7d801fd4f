/** Additional exports for tests. Not imported by any program. */
export { observeStore } from './metrics.ts';
