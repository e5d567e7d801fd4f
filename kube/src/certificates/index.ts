export * from './authority.ts';
export * from './issue.ts';
export * from './serving.ts';
