import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { pace } from './pace.ts';
import { type Line, terminalSvg } from './terminal-svg.ts';

/** Records `make demo YES=1` and writes the picture of the README: `make picture`. */
const root = join(import.meta.dirname, '..', '..');
const picture = join(root, 'docs', 'images', 'demo.svg');

const demo = spawn('node', [join(root, 'test', 'demo', 'demo.ts'), '--yes'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FORCE_COLOR: '1' },
});
const ended = once(demo, 'close');
const lines: Line[] = [];
for await (const text of createInterface({ input: demo.stdout })) {
  lines.push({ at: performance.now() / 1000, text });
  process.stdout.write(`${text}\n`);
}
const [code] = await ended;
if (code !== 0) throw new Error(`the demo ended with ${code}`);

const isHeading = (text: string) => /^\d+\. /.test(stripVTControlCharacters(text));
const first = lines.findIndex(({ text }) => text.includes('3. '));
// What follows is about the machine of who recorded it.
const last = lines.findIndex(({ text }) => text.includes('The cluster stays up'));
const recording = pace(lines.slice(first, last), isHeading);
writeFileSync(picture, terminalSvg(recording, { columns: 118, rows: 32, title: 'make demo', hold: 5 }));
process.stdout.write(`\n${picture}\n`);
