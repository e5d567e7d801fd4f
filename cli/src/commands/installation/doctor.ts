import { exitCodes } from '../../exit-codes.ts';
import type { Session } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { type Paint, painter } from '../../terminal/paint.ts';
import { raw } from '../../terminal/raw.ts';
import { visible } from '../../terminal/visible.ts';
import { type Check, checks } from './checks.ts';
import { readFacts } from './read-facts.ts';

/** Looks at the installation and at the namespace, and says of each fault what to do. Returns 1 if something is broken. */
export async function doctor(session: Session): Promise<number> {
  const { io, flags } = session;
  const format = formatOf(flags.output);
  const found = checks(await readFacts(session));
  if (format) io.out(raw({ kind: 'List', items: found }, format));
  else io.out(renderChecks(found, painter(io.colour)));
  return found.some(({ verdict }) => verdict === 'fail') ? exitCodes.other : exitCodes.done;
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;

const WIDTH = 120;

// What to do next is not wrapped, because people copy it.
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && indent + line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** The checks as lines, each fault with what to do next. */
export function renderChecks(found: readonly Check[], paint: Paint): string {
  const width = Math.max(...found.map(({ name }) => name.length));
  const lines = found.flatMap(({ verdict, name, detail, next }) => [
    `${paint(colours[verdict], verdict.padEnd(4))}  ${name.padEnd(width)}  ${wrapped(visible(detail), width + 8)}`,
    ...(next === undefined ? [] : [`      ${' '.repeat(width)}  → ${visible(next)}`]),
  ]);
  const many = (wanted: Check['verdict']) => found.filter(({ verdict }) => verdict === wanted).length;
  const summary = `${many('ok')} ok, ${many('warn')} to look at, ${many('fail')} broken, ${many('skip')} not checked`;
  return [...lines, '', summary].join('\n');
}
