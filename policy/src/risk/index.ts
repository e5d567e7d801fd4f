export { riskTables } from './document.ts';
export { mayHoldData } from './holds-data.ts';
export { type Budget, type Budgets, disruptedNamespaces } from './parts/budgets.ts';
export { type History, historyOf, partsOfHistory, possibleHistory } from './parts/history.ts';
export type { ReachedHost } from './parts/hosts.ts';
export type { ModelOpinion } from './parts/levels.ts';
export { riskThresholds } from './rules.ts';
export { computeRisk, type Risk, type RiskFacts, sumParts } from './score.ts';
