/**
 * The first `max` characters of a text. A cut may split a pair of surrogates: half of one has no canonical form, so no record could
 * ever be written, and the API server would store another character than was sent.
 */
export const cut = (text: string, max: number): string => text.slice(0, max).toWellFormed();

/** The ends of sentences, lines and list items. */
const ENDS = /((?<=[.!?])[ \t]+|[ \t]*\n[ \t\n]*|; )/;
/** Shorter parts may be equal by chance. */
const REPEATED = 20;

/** A text without repeated sentences: the same refusal is printed by the gateway, by kubectl and by the script around it. */
export function withoutRepeats(text: string): string {
  const parts = text.split(ENDS);
  const seen = new Set<string>();
  let kept = '';
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at] ?? '';
    const said = part.trim().replace(/[.;]$/, '');
    if (said.length >= REPEATED && seen.has(said)) continue;
    seen.add(said);
    kept += `${kept === '' ? '' : (parts[at - 1] ?? '')}${part}`;
  }
  return kept;
}

/** The lines of a text that do not repeat, after any prefix, what was said before. */
export function withoutLinesOf(text: string, said: string): string {
  const sentences = said.split(ENDS).filter((part) => part.trim().length >= REPEATED);
  return text
    .split('\n')
    .filter((line) => !sentences.some((sentence) => line.includes(sentence.trim())))
    .join('\n');
}
