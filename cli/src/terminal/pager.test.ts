import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { onlyColours, pagerOf, showInPager } from './pager.ts';

const file = () => join(mkdtempSync(join(tmpdir(), 'sentinel-pager-')), 'shown');
const { PATH } = process.env;

describe('The pager', () => {
  const rows: readonly [string, Record<string, string>, boolean, string | undefined][] = [
    ['is less if there is one', {}, true, 'less -FRX'],
    ['is not used if there is no less', {}, false, undefined],
    ['is not used on a dumb terminal', { TERM: 'dumb' }, true, undefined],
    ['is $PAGER', { PAGER: 'more' }, true, 'more'],
    ['is $KUBECTL_SENTINEL_PAGER before that', { PAGER: 'more', KUBECTL_SENTINEL_PAGER: 'most -s' }, true, 'most -s'],
    ['is not used if the variable is empty', { PAGER: 'more', KUBECTL_SENTINEL_PAGER: '' }, true, undefined],
    ['is not used if it is cat', { PAGER: 'cat' }, true, undefined],
  ];
  for (const [name, env, there, pager] of rows)
    it(name, () =>
      assert.equal(
        pagerOf(env, () => there),
        pager,
      ),
    );

  it('gets the whole text', async () => {
    const shown = file();
    const text = 'x'.repeat(1_000_000);
    assert.equal(await showInPager(text, { PATH, PAGER: `cat > ${shown}` }), true);
    assert.equal(readFileSync(shown, 'utf8'), `${text}\n`);
  });
  it('may be quit before the end, and may fail', async () => {
    assert.equal(await showInPager('x\n'.repeat(1_000_000), { PATH, PAGER: 'head -c 1 > /dev/null; exit 3' }), true);
  });
  it('has shown nothing where it does not exist', async () => {
    assert.equal(await showInPager('x', { PATH, PAGER: 'no-such-pager 2> /dev/null' }), false);
  });
  it('gets our colours and no other escape sequence', () => {
    assert.equal(onlyColours('\u001b[31mred\u001b[0m'), '\u001b[31mred\u001b[0m');
    for (const evil of ['\u001b[2J', '\u001b]0;x\u0007', '\u009b2J', '\u001bc', '\u001b[31;1H'])
      assert.doesNotMatch(onlyColours(evil), /[\u001b\u009b]/);
  });
});
