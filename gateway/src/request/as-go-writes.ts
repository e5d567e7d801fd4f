/**
 * JSON as Go's encoding/json writes it. A `test` of a JSON patch compares texts as they are encoded, not as what they mean, and the
 * object that it is compared with was encoded by Go: a plain "&" would never be equal to its "\u0026" (seen with 1.36.3;
 * evanphx/json-patch, lazyNode.equal). Only texts can hold these characters.
 */
export function asGoWrites(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[&<>\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
