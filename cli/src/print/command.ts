import type { View } from '../terminal/fields.ts';
import { visible } from '../terminal/visible.ts';

const SHELL = /(?:^|\/)(?:sh|ash|bash|dash|ksh|mksh|zsh|fish)$/;
/** How many lines of a script a plan shows without `--full`. */
const LINES = 40;

/** A command as it runs: in one line, each argument quoted if necessary, and every script as text with a bar in front of each line. */
export function commandLines(name: string, command: readonly string[], view: View): string[] {
  const { paint, full } = view;
  const scripts: string[] = [];
  const words = command.map((argument, index) => {
    if (!isScript(command, index)) return word(argument);
    scripts.push(argument);
    return `<script${command.filter((_, at) => isScript(command, at)).length > 1 ? ` ${scripts.length}` : ''}>`;
  });
  return [
    `  ${visible(name)}: ${words.join(' ')}`,
    ...scripts.flatMap((script, index) => {
      const lines = script.replace(/\n$/, '').split('\n');
      const shown = full || lines.length <= LINES + 1 ? lines : lines.slice(0, LINES);
      if (shown.length < lines.length)
        view.onFold?.(`step ${visible(name)}, its script: ${lines.length - shown.length} of ${lines.length} lines`);
      return [
        ...(scripts.length > 1 ? [`    script ${index + 1}:`] : []),
        ...shown.map((line) => `    | ${visible(line.replaceAll('\t', '    '))}`),
        ...(shown.length < lines.length
          ? [paint('yellow', `    … ${lines.length - shown.length} more lines; see all with --full`)]
          : []),
      ];
    }),
  ];
}

// The script argument of a shell, and every argument of several lines.
function isScript(command: readonly string[], index: number): boolean {
  if (command[index]?.includes('\n')) return true;
  if (!/^-[a-z]*c$/.test(command[index - 1] ?? '')) return false;
  return command.slice(0, index - 1).some((argument) => SHELL.test(argument));
}

// Quotes arguments, so that each is visible as one argument.
const word = (text: string) => visible(/^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text));
