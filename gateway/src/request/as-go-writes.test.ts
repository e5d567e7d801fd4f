import assert from 'node:assert/strict';
import { it } from 'node:test';
import { asGoWrites } from './as-go-writes.ts';

it('JSON for a patch escapes what Go escapes, also in keys, and means the same', () => {
  const value = [{ op: 'test', path: '/data/a<b', value: 'x & <y> \u2028\u2029 é "\\' }];
  const text = asGoWrites(value);
  assert.equal(text, '[{"op":"test","path":"/data/a\\u003cb","value":"x \\u0026 \\u003cy\\u003e \\u2028\\u2029 é \\"\\\\"}]');
  assert.deepEqual(JSON.parse(text), value);
});
