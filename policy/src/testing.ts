/** What tests and benchmarks use of the package beside its exports. Nothing of the product imports it. */
export { judgeCommand } from './commands/rules/evaluate.ts';
export { policy } from './commands/testing.ts';
export { diffBudget, lineDiff } from './data/line-diff.ts';
export * from './testing/action.fixture.ts';
export * from './testing/effect.fixture.ts';
export * from './testing/playbook.fixture.ts';
export * from './testing/policies.fixture.ts';
