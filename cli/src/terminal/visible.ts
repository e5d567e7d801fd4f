import { visible } from '@sentinel/kube/visible';

export { escapeHostile, isHostile, visible } from '@sentinel/kube/visible';

/** {@link visible} for a text of several lines: each line is printed after `prefix`, so that none can imitate a line of this program. */
export function visibleBlock(text: string, prefix: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => `${prefix}${visible(line.replaceAll('\t', '    '))}`)
    .join('\n');
}
