import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CanonicalError, canonicalize, digestOf } from './canonical.ts';

describe('The canonical form', () => {
  const forms: [name: string, value: unknown, text: string][] = [
    ['sorts keys by UTF-16 code units', { '\ufb33': 1, '€': 2, '😀': 3, '1': 4, é: 5 }, '{"1":4,"é":5,"€":2,"😀":3,"\ufb33":1}'],
    ['prints numbers as ECMAScript does', [1.0, -0, 1e-7, 333333333.3333333], '[1,0,1e-7,333333333.3333333]'],
    ['escapes only what JSON must', { a: '\u0000\n"\\/é' }, '{"a":"\\u0000\\n\\"\\\\/é"}'],
    ['leaves members out that are undefined', { a: undefined, b: 1 }, '{"b":1}'],
  ];
  for (const [name, value, text] of forms) it(name, () => assert.equal(canonicalize(value), text));

  const refused: Record<string, unknown> = {
    'an integer beyond 2^53': 2 ** 53,
    'not a number': Number.NaN,
    infinity: Number.POSITIVE_INFINITY,
    'half of a surrogate pair': '\ud800',
    'a function': () => 1,
    'a big integer': 1n,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`has none for ${name}`, () => assert.throws(() => canonicalize({ value }), CanonicalError));
  }

  it('differs for texts that only look the same', () => {
    assert.notEqual(digestOf('é'), digestOf('e\u0301'));
  });
});
