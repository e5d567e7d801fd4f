/**
 * How an approved effect stands by the ledger of the gateway, as one letter of a statement.
 *
 * - `.` it was not carried out: never sent, or refused for good before anything was stored
 * - `D` the API server has it, and it stays
 * - `U` it was sent, and nobody knows whether the API server has it
 * - `A` nobody knows, and a person accepted what is stored
 * - `B` a person ordered it back, and it is not restored
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

/** The states of a text, up to `most`; undefined when it is none. */
export function unpackStates(text: string, most = 500): EffectState[] | undefined {
  if (!new RegExp(`^([${STATES}]([1-9][0-9]{0,2})?)*$`).test(text)) return undefined;
  const states = [...text.matchAll(/([^0-9])([0-9]*)/g)].flatMap(([, letter, count]) =>
    Array.from({ length: Number(count || 1) }, () => letter as EffectState),
  );
  return states.length <= most ? states : undefined;
}
