import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countJson } from './count-json.ts';

for (const { text, values, depth } of [
  { text: '', values: 0, depth: 0 },
  { text: '[],[],[]', values: 5, depth: 1 },
  { text: '{"a":[1,{"b":2}]}', values: 6, depth: 3 },
  { text: '{"[[{{,:":"\\"[[\\\\"}', values: 2, depth: 1 },
  { text: '"not closed [[[', values: 0, depth: 0 },
  { text: ']]]]', values: 0, depth: 0 },
])
  it(`counts ${values} values and a depth of ${depth} in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(countJson(Buffer.from(text)), { values, depth }));
