/**
 * Text of agents, logs, models and objects, made safe for a terminal: every character that controls the terminal, reorders text
 * or can't be seen becomes an escape such as `\u001b`. Line breaks are escaped too; {@link visibleBlock} keeps them.
 */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u00a0]/gu, escaped);
}

/** The same for a text of several lines: each line is printed behind `prefix`, so that none can imitate a line of ours. */
export function visibleBlock(text: string, prefix: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => `${prefix}${visible(line.replaceAll('\t', '    '))}`)
    .join('\n');
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
