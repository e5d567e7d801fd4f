import { dangerousLines } from './programs/dangerous.ts';
import type { Line } from './programs/lines.ts';
import { safeLines } from './programs/safe.ts';

const code = (texts: readonly string[]): string => texts.map((text) => `\`${text.replaceAll('|', '\\|')}\``).join(' ');

function conditions(line: Line, safe: boolean): string {
  const parts: string[] = [];
  if (line.subcommands) parts.push(`subcommand ${code(line.subcommands)}`);
  if (line.options)
    parts.push(
      `${safe ? 'none of the options' : `an option${line.onlyBefore ? ' before the subcommand' : ''} of`} ${code(line.options)}`,
    );
  if (line.words) parts.push(`${safe ? 'no' : 'an'} argument like ${code([line.words.source])}`);
  if (line.starts) parts.push(`an argument that begins like ${code([line.starts.source])}`);
  if (line.exactly) parts.push(`arguments exactly like ${code([line.exactly.source])}`);
  return parts.join('; ') || 'always';
}

function table(lines: readonly Line[], list: string): string {
  const rows = lines.map(
    (line) => `| \`${list}.${line.name}\` | ${code(line.programs)} | ${conditions(line, list === 'safe')} | ${line.reason} |`,
  );
  return ['| line | programs | when | reason |', '|---|---|---|---|', ...rows].join('\n');
}

/** The built-in lists in the form of docs/commands.md. */
export const builtInTables = (): { readonly safe: string; readonly dangerous: string } => ({
  safe: table(safeLines, 'safe'),
  dangerous: table(dangerousLines, 'dangerous'),
});
