import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readJson } from './read-json.ts';

it('An answer that is not JSON is named with who gave it and how it begins', () => {
  assert.deepEqual(readJson('{"a":1}', 'the gateway'), { a: 1 });
  for (const text of ['', '{', '<html>'])
    assert.throws(() => readJson(text, 'the sink'), /^Error: the sink answered with something that is not JSON: "/);
});
