export { doctor } from './doctor.ts';
export { version } from './version.ts';
