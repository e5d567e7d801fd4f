import { type RiskRule, riskRules, riskThresholds } from './rules.ts';

/** The tables that docs/risk.md shows: the thresholds, and what each rule adds. */
export const riskTables = (): { readonly thresholds: string; readonly rules: string } => ({
  thresholds: [
    '| level | from a score of |',
    '| --- | --- |',
    ...Object.entries(riskThresholds).map(([level, score]) => `| ${level} | ${score} |`),
  ].join('\n'),
  rules: [
    '| rule | points | at least | when |',
    '| --- | --- | --- | --- |',
    ...Object.entries<RiskRule>(riskRules).map(
      ([name, { points, per, atMost, level, when }]) =>
        `| \`${name}\` | ${points}${per === undefined ? '' : ` for each ${per}`}${atMost === undefined ? '' : `, at most ${atMost}`} | ${level ?? ''} | ${when} |`,
    ),
  ].join('\n'),
});
