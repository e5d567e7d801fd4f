export { runCli } from './main.ts';
export type { Connect, Io } from './session.ts';
