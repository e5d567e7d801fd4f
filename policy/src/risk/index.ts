export { riskTables } from './document.ts';
export { type Budget, type Budgets, disruptedNamespaces } from './parts/budgets.ts';
export { type History, historyOf } from './parts/history.ts';
export type { ReachedHost } from './parts/hosts.ts';
export type { ModelOpinion } from './parts/levels.ts';
export { riskThresholds } from './rules.ts';
export { computeRisk, type Risk, type RiskFacts } from './score.ts';
