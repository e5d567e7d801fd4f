/** A command of a text for people, and the output that the text shows for it. */
export interface Shown {
  readonly command: string;
  /** A line that is only '…' stands for any lines, and '…' within a line for any text. */
  readonly output: readonly string[];
}

/** The commands in the `console` blocks of a Markdown text, in their order: a line that begins with '$ ' is a command. */
export function consoleBlocks(markdown: string): Shown[] {
  const blocks = [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = '']) => text);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...output] = part.trimEnd().split('\n');
        return { command, output };
      }),
  );
}

/** Whether a program printed what a text shows. */
export function isShown(output: readonly string[], printed: string): boolean {
  const lines = output.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(RegExp.escape).join('.*')}\\n`));
  return new RegExp(`^${lines.join('')}$`).test(printed === '' ? '' : `${printed.trimEnd()}\n`);
}
