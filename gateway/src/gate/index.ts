export { runEnd } from './end.ts';
export { runGate } from './main.ts';
export { compareRollback, runRollback } from './rollback.ts';
