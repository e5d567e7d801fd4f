/**
 * The first `max` characters of a text. A cut may split a pair of surrogates: half of one has no canonical form, so no record could
 * ever be written, and the API server would store another character than was sent.
 */
export const cut = (text: string, max: number): string => text.slice(0, max).toWellFormed();
