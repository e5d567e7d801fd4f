/** What a reading Playbook found: one schema, and how it is shown to people. No I/O. */

export * from './conclude.ts';
export * from './fit.ts';
export * from './render-markdown.ts';
export * from './render-terminal.ts';
export * from './report.ts';
export { placeOf } from './words.ts';
