import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phraseFinder } from './find-phrases.ts';
import { phrases } from './phrases.ts';

describe('The table of phrases', () => {
  for (const phrase of phrases) {
    const find = phraseFinder([phrase]);
    for (const text of phrase.found) it(`refuses '${text}'`, () => assert.equal(find(text).length > 0, true));
    for (const text of phrase.plain ?? []) it(`allows '${text}'`, () => assert.deepEqual(find(text), []));
  }

  it('says for each phrase why it is refused and what to write', () => {
    for (const { pattern, reason, instead, found } of phrases)
      assert.ok(reason !== '' && instead !== '' && found.length > 0, pattern);
  });

  it('allows what it tells people to write', () => {
    const find = phraseFinder(phrases);
    for (const { instead } of phrases) assert.deepEqual(find(instead), [], instead);
  });
});

describe('A phrase in a text', () => {
  const find = phraseFinder(phrases);

  it('is found across the end of a line, also inside a comment', () => {
    for (const text of [
      'it can\nnot be read',
      '/**\n * it can\n * not be read\n */',
      '// it can\n  // not be read',
      '# it can\n# not be read',
    ])
      assert.deepEqual(
        find(text).map(({ text: found }) => found.replace(/[ */#]+/g, ' ')),
        ['can not'],
        text,
      );
  });

  it('is found at the start of a sentence', () => assert.equal(find('Whoever asks is refused.').length, 1));

  it('has the number of its line', () =>
    assert.deepEqual(
      find('one\ntwo\nit can not').map(({ line }) => line),
      [3],
    ));

  it('is reported each time', () => assert.equal(find('it can not, and it can not').length, 2));

  it('is not found in plain English', () => assert.deepEqual(find('The requester cannot approve. The plan is rolled back.'), []));
});
