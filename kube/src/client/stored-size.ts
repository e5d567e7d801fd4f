/**
 * How many bytes the API server stores of a value: JSON as Go's encoding/json writes it, which escapes these characters with six bytes.
 */
export function storedSize(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  let size = Buffer.byteLength(text);
  for (const character of text.match(/[&<>\u2028\u2029]/g) ?? []) size += 6 - Buffer.byteLength(character);
  return size;
}
