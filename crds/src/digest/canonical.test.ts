import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CanonicalError, canonicalize, digestOf } from './canonical.ts';

describe('The canonical form', () => {
  const forms: [name: string, value: unknown, text: string][] = [
    ['sorts keys by UTF-16 code units', { '\ufb33': 1, '€': 2, '😀': 3, '1': 4, é: 5 }, '{"1":4,"é":5,"€":2,"😀":3,"\ufb33":1}'],
    ['prints numbers as ECMAScript does', [1.0, -0, 1e-7, 333333333.3333333], '[1,0,1e-7,333333333.3333333]'],
    ['escapes only what JSON must', { a: '\u0000\n"\\/é' }, '{"a":"\\u0000\\n\\"\\\\/é"}'],
    ['knows no order of members', { b: { d: 1, c: 2 }, a: [] }, '{"a":[],"b":{"c":2,"d":1}}'],
    ['keeps the order of lists', [3, 1, 2], '[3,1,2]'],
    [
      'prints small and great numbers as RFC 8785 does',
      [4.5, 2e-3, 0.1 + 0.2, 2 ** 53 - 1],
      '[4.5,0.002,0.30000000000000004,9007199254740991]',
    ],
    ['keeps what is not ASCII as it is', 'ö€😀\u2028', '"ö€😀\u2028"'],
    ['takes a hole in a list for null', [undefined, 1], '[null,1]'],
    ['takes names of the prototype for names', JSON.parse('{"__proto__":1,"constructor":2}'), '{"__proto__":1,"constructor":2}'],
    ['leaves members out that are undefined', { a: undefined, b: 1 }, '{"b":1}'],
  ];
  for (const [name, value, text] of forms) it(name, () => assert.equal(canonicalize(value), text));

  const refused: Record<string, unknown> = {
    'an integer beyond 2^53': 2 ** 53,
    'not a number': Number.NaN,
    infinity: Number.POSITIVE_INFINITY,
    'half of a surrogate pair': '\ud800',
    'half of a surrogate pair in a name': { 'a\udc00': 1 },
    'an integer below -2^53': -(2 ** 53),
    'an integer of many digits': JSON.parse('12345678901234567890'),
    'a symbol': Symbol('x'),
    'a function': () => 1,
    'a big integer': 1n,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`has none for ${name}`, () => assert.throws(() => canonicalize({ value }), CanonicalError));
  }

  it('differs for what is not the same', () => {
    const values = [null, false, 0, '', '0', [], {}, [[]], [null], { a: null }, { a: [] }, 'null'];
    assert.equal(new Set(values.map(digestOf)).size, values.length);
  });

  it('is the same for what JSON says is the same', () => {
    for (const text of ['{"a":1.0,"b":-0}', '{"b":0,"a":1}', ' {"a" : 1e0, "b":0.0}'])
      assert.equal(digestOf(JSON.parse(text)), digestOf({ a: 1, b: 0 }));
  });

  it('has the digest that anybody computes of it', () => {
    assert.equal(digestOf({}), 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('differs for texts that only look the same', () => {
    assert.notEqual(digestOf('é'), digestOf('e\u0301'));
  });
});
