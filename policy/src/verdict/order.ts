import type { Decision, RiskLevel } from '@sentinel/crds';

const decisions: Record<Decision, number> = { Allow: 0, RequireApproval: 1, Deny: 2 };
const levels: Record<RiskLevel, number> = { Low: 0, Medium: 1, High: 2, Critical: 3 };

/** The stricter of two decisions. */
export const stricter = (a: Decision, b: Decision): Decision => (decisions[a] >= decisions[b] ? a : b);

/** The higher of two levels of risk. */
export const higher = (a: RiskLevel, b: RiskLevel): RiskLevel => (levels[a] >= levels[b] ? a : b);

/** How two levels of risk compare: negative when the first is lower. */
export const compareRisk = (a: RiskLevel, b: RiskLevel): number => levels[a] - levels[b];

/** Whether a level is at most another. */
export const atMost = (level: RiskLevel, bound: RiskLevel): boolean => levels[level] <= levels[bound];

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds of a duration such as `15m`. Throws on anything else; the schema lets nothing else in. */
export function seconds(duration: string): number {
  const match = /^([1-9][0-9]*)([smhd])$/.exec(duration);
  const [, count, unit] = match ?? [];
  const factor = units[unit ?? ''];
  if (count === undefined || factor === undefined) throw new Error(`'${duration}' is no duration`);
  return Number(count) * factor;
}

/** The shorter of two durations. */
export const shorter = (a: string, b: string): string => (seconds(a) <= seconds(b) ? a : b);
