import { stripVTControlCharacters } from 'node:util';

/** A line of a terminal, and when it appeared, in seconds. */
export interface Line {
  readonly at: number;
  /** With escape sequences for bold and cyan; others are taken out. */
  readonly text: string;
}

export interface Look {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  /** For how many seconds the last lines stay before it begins again. */
  readonly hold: number;
}

const [WIDTH, HEIGHT, MARGIN, BAR] = [7.83, 18, 14, 30];

/**
 * A recording of a terminal as one SVG that moves without a script, and begins again at its end: the lines scroll in as they appeared.
 * Where less motion is asked for, and in programs that do not move it, it shows the last lines.
 */
export function terminalSvg(lines: readonly Line[], { columns, rows, title, hold }: Look): string {
  const [width, height] = [Math.ceil(columns * WIDTH) + 2 * MARGIN, rows * HEIGHT + MARGIN + BAR];
  const end = (lines.at(-1)?.at ?? 0) + hold;
  const shownAfter = (count: number) => `transform:translateY(${(rows - count) * HEIGHT}px)`;
  const steps = lines.map(({ at }, index) => `${((at / end) * 100).toFixed(2)}%{${shownAfter(index + 1)}}`);
  const text = lines.map(({ text }, index) => `<text y="${(index + 1) * HEIGHT - 5}">${spans(text, columns)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xml:space="preserve" role="img" aria-label="${escaped(title)}">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d6deeb;white-space:pre}
.b{font-weight:bold;fill:#fff}.c{fill:#7fdbca}.t{fill:#8a94a6}
.s{${shownAfter(lines.length)};animation:s ${end.toFixed(1)}s step-end infinite}
@keyframes s{0%{${shownAfter(0)}}${steps.join('')}}
@media (prefers-reduced-motion:reduce){.s{animation:none}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1623"/>
<circle cx="18" cy="15" r="5" fill="#ff5f56"/><circle cx="36" cy="15" r="5" fill="#ffbd2e"/><circle cx="54" cy="15" r="5" fill="#27c93f"/>
<text class="t" x="${width / 2}" y="19" text-anchor="middle">${escaped(title)}</text>
<svg x="${MARGIN}" y="${BAR}" width="${width - 2 * MARGIN}" height="${rows * HEIGHT}" overflow="hidden"><g class="s">
${text.join('\n')}
</g></svg>
</svg>
`;
}

const ESCAPE = '\u001b';
// Select Graphic Rendition, ECMA-48 8.3.117: 1 is bold and 22 ends it, 36 is cyan and 39 ends it.
const RENDITION = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`);

function spans(line: string, columns: number): string {
  let [bold, cyan, left] = [false, false, columns];
  const parts: string[] = [];
  for (const part of line.split(RENDITION)) {
    if (part.startsWith(`${ESCAPE}[`)) {
      const code = part.slice(2, -1);
      if (code === '1' || code === '22' || code === '0') bold = code === '1';
      if (code === '36' || code === '39' || code === '0') cyan = code === '36';
      continue;
    }
    const plain = stripVTControlCharacters(part);
    const fits = plain.length > left ? `${plain.slice(0, Math.max(0, left - 1))}…` : plain;
    if (fits === '' || left <= 0) continue;
    left -= fits.length;
    const style = `${bold ? 'b' : ''}${cyan ? 'c' : ''}`;
    parts.push(style === '' ? escaped(fits) : `<tspan class="${style === 'bc' ? 'b' : style}">${escaped(fits)}</tspan>`);
  }
  return parts.join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => ENTITIES[one] ?? one);
