export * from './authority.ts';
export * from './issue.ts';
