/** The parts of a message that differ from line to line, in the order in which they are looked for. */
const variables: readonly [pattern: RegExp, name: string][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, '<address>'],
  [/(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])/gi, '<address>'],
  [/\b0x[0-9a-f]+\b/gi, '<id>'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/gi, '<id>'],
  [/\b\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|B|KB|MB|GB|KiB|MiB|GiB|%)?(?![\w])/g, '<n>'],
  [/\b(?=[\w.-]*\d)[A-Za-z][\w.-]*\b/g, '<name>'],
];

/** A longer message is compared by its beginning. */
const MESSAGE_MAX = 300;

/** What a message has in common with others of its kind: numbers, times, addresses, ids and names with digits are replaced. */
export function templateOf(message: string): string {
  const start = message.slice(0, MESSAGE_MAX);
  return variables
    .reduce((text, [pattern, name]) => text.replaceAll(pattern, name), start)
    .replaceAll(/\s+/g, ' ')
    .trim();
}
