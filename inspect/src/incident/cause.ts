import type { Finding, Moment } from '@sentinel/findings';
import { HOUR } from '../objects.ts';

/**
 * The change before the first trouble: the last rollout or action before the first Warning Event or error, at most an hour earlier.
 * Undefined if there was no trouble, or no change before it. It is an order in time and not a proof, and says so.
 */
export function changeBeforeTrouble(moments: readonly Moment[]): Finding | undefined {
  const sorted = [...moments].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const trouble = sorted.find(({ source }) => source === 'Event' || source === 'Log');
  if (!trouble) return undefined;
  const began = Date.parse(trouble.time);
  const change = sorted.findLast(({ source, time, text }) => {
    const isChange = source === 'Rollout' || (source === 'Action' && text.startsWith('RunStarted: '));
    return isChange && Date.parse(time) <= began && began - Date.parse(time) <= HOUR;
  });
  if (!change) return undefined;
  const seconds = Math.round((began - Date.parse(change.time)) / 1000);
  return {
    check: 'change-before-trouble',
    severity: 'Info',
    object: change.object,
    summary: `the last change before the first trouble, ${seconds} seconds earlier. It need not be the cause`,
    firstSeen: change.time,
    evidence: [
      { source: 'Record', text: change.text, time: change.time },
      { source: trouble.source === 'Log' ? 'Log' : 'Event', text: trouble.text, time: trouble.time },
    ],
  };
}
