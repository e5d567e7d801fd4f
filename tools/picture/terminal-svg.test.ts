import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { styleText } from 'node:util';
import { terminalSvg } from './terminal-svg.ts';

const look = { columns: 20, rows: 2, title: 'a <run>', hold: 2 };
const styled = (style: 'bold' | 'cyan' | 'red', text: string) => styleText(style, text, { validateStream: false });

describe('a recording of a terminal as SVG', () => {
  it('scrolls each line in when it appeared, and shows the last ones if motion is reduced', () => {
    const lines = [0, 2, 3].map((at) => ({ at, text: `line ${at}` }));
    const svg = terminalSvg(lines, look);
    assert.match(svg, /animation:s 5\.0s step-end infinite/);
    assert.match(
      svg,
      /0\.00%\{transform:translateY\(18px\)\}40\.00%\{transform:translateY\(0px\)\}60\.00%\{transform:translateY\(-18px\)\}/,
    );
    assert.match(svg, /\.s\{transform:translateY\(-18px\);animation/);
    assert.match(svg, /prefers-reduced-motion:reduce\)\{\.s\{animation:none\}\}/);
  });

  it('keeps bold and cyan, takes other sequences out, and cuts what is too long', () => {
    const text = `${styled('bold', 'one')} ${styled('cyan', 'two')} ${styled('red', 'three')} and more of it`;
    const svg = terminalSvg([{ at: 0, text }], look);
    assert.match(svg, />(<tspan class="b">one<\/tspan>) (<tspan class="c">two<\/tspan>) three and m…<\/text>/);
  });

  it('says what is text as text', () => {
    const svg = terminalSvg([{ at: 0, text: '<a href="x">&</a>' }], look);
    assert.match(svg, /&lt;a href=&quot;x&quot;&gt;&amp;&lt;\/a&gt;/);
    assert.match(svg, /aria-label="a &lt;run&gt;"/);
  });
});
