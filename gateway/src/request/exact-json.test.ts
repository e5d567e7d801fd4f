import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeInexact, findInexactNumber } from './exact-json.ts';

describe('A number', () => {
  const surviving = [
    ...['0', '-0', '0.0', '1', '1.0', '-17', '1.50', '1e3', '1E+21', '1e+21', '1e-7', '0.1', '5e-324'],
    ...['9007199254740991', '9007199254740992', '9007199254740994', '100000000000000000000', '18446744073709552000'],
    ...['0.30000000000000004', '1.7976931348623157e+308', '0.00000000000000000001', '1000000000000000000000'],
  ];
  for (const number of surviving)
    it(`survives: ${number}`, () => assert.equal(findInexactNumber(`{"spec":{"channel":${number}}}`), undefined));

  const lost = [
    ...['9007199254740993', '-9007199254740993', '9223372036854775807', '18446744073709551615', '0.1000000000000000000001'],
    ...['1e400', '-1e400', '1e-400', '3.14159265358979323846', '123456789012345678e1', '9007199254740993.0'],
  ];
  for (const source of lost)
    it(`does not survive: ${source}`, () => {
      assert.deepEqual(findInexactNumber(`{"spec":{"channel":${source}}}`), { path: '/spec/channel', source });
      assert.deepEqual(findInexactNumber(`[0,[${source}]]`), { path: '/1/0', source });
    });

  it('is named by its whole path, the first one of several', () => {
    const text = '{"spec":{"a/b":[{"x~y":1,"id":7},{"id":9007199254740993}],"z":9007199254740995}}';
    assert.equal(findInexactNumber(text)?.path, '/spec/a~1b/1/id');
    assert.equal(findInexactNumber('{"__proto__":{"constructor":9007199254740993}}')?.path, '/__proto__/constructor');
    assert.equal(findInexactNumber('9007199254740993')?.path, '');
    const long = findInexactNumber(`{"${'k'.repeat(3000)}":9007199254740993}`);
    assert.equal(long?.path.length, 256);
    const said = describeInexact({ source: '9007199254740993', path: '/spec/id' });
    assert.equal(said, 'the number 9007199254740993 at /spec/id');
  });
  it('in a text is not a number', () =>
    assert.equal(findInexactNumber('{"9007199254740993":"9007199254740993","__proto__":{"a":"1e400"}}'), undefined));

  it('is found among very many digits, and among very many numbers', () => {
    assert.equal(findInexactNumber(`[1${'0'.repeat(200_000)}1e-200001]`)?.path, '/0');
    assert.equal(findInexactNumber(`[${'12345678901234567000,'.repeat(40_000)}1]`)?.path, undefined);
  });
});
