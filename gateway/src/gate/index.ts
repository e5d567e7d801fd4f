export { runEnd } from './end.ts';
export { runGate } from './main.ts';
