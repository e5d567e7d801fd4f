import type { ActionPlanSpec } from '@sentinel/crds';
import { riskThresholds } from '@sentinel/policy';
import { type Paint, riskColour } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** The risk as a sum: each part with its points, and the lowest level that it causes. */
export function riskLines({ level, score, parts }: ActionPlanSpec['risk'], paint: Paint): string[] {
  const { Medium, High, Critical } = riskThresholds;
  const scale = `(Medium from ${Medium}, High from ${High}, Critical from ${Critical})`;
  const width = Math.max(...parts.map(({ points }) => String(points).length), 1) + 1;
  return [
    `${paint('bold', 'RISK')}  ${paint(riskColour(level), visible(level))}  score ${visible(String(score))} ${scale}`,
    ...parts.map(
      ({ points, level: least, message }) =>
        `  ${`+${visible(String(points))}`.padStart(width)}  ${(least === undefined ? '' : `at least ${visible(least)}`).padEnd(17)}  ${visible(message)}`,
    ),
  ];
}
