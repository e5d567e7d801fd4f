/**
 * The state of an approved effect in the ledger of the gateway, as one letter of a statement.
 *
 * - `.` it was not carried out: never sent, or refused for good before anything was stored
 * - `D` it was applied, and it stays
 * - `U` it was sent, and it is unknown whether it was applied
 * - `A` the outcome is unknown, and a person accepted the stored object
 * - `B` a person ordered its roll-back, and it is not restored
 * - `r` it was carried out, and is restored
 * - `u` it was found as it was before the run: there was nothing to restore
 */
export type EffectState = '.' | 'D' | 'U' | 'A' | 'B' | 'r' | 'u';

const STATES = '.DUABru';

/** States as a text: a letter for each run of equal ones, with their number where that is more than one. At most one character an effect. */
export function packStates(states: readonly EffectState[]): string {
  let text = '';
  for (let at = 0; at < states.length; ) {
    let end = at;
    while (states[end] === states[at]) end += 1;
    text += `${states[at]}${end - at > 1 ? end - at : ''}`;
    at = end;
  }
  return text;
}

/** The states of a text, up to `most`; undefined if the text is not valid. */
export function unpackStates(text: string, most = 500): EffectState[] | undefined {
  if (!new RegExp(`^([${STATES}]([1-9][0-9]{0,2})?)*$`).test(text)) return undefined;
  const states = [...text.matchAll(/([^0-9])([0-9]*)/g)].flatMap(([, letter, count]) =>
    Array.from({ length: Number(count || 1) }, () => letter as EffectState),
  );
  return states.length <= most ? states : undefined;
}
