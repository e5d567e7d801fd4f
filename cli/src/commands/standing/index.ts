export * from './decide-on-schedule.ts';
