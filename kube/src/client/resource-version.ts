/**
 * Negative if `a` is older than `b`, positive if newer, 0 if the same or not comparable.
 * Versions are decimal numbers of any length; an extension server may use others, and then nothing can be said.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (!isNumber(a) || !isNumber(b)) return 0;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumber(version: string): boolean {
  return /^(0|[1-9]\d*)$/.test(version);
}
