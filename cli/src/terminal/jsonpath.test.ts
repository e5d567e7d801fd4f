import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { jsonpath } from './jsonpath.ts';

const list = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'one', labels: { 'app.kubernetes.io/name': 'x', team: 'a' } },
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Stalled', status: 'False' },
        ],
        count: 3,
      },
    },
    { metadata: { name: 'two', labels: {} }, status: { conditions: [{ type: 'Ready', status: 'False' }] } },
  ],
};
const [first] = list.items;

/** Each expected text is what `kubectl get -o jsonpath` prints for the same object; test/e2e/cli.test.ts compares the two. */
const cases: readonly [value: unknown, template: string, text: string][] = [
  [first, '{.metadata.name}', 'one'],
  [first, '.metadata.name', 'one'],
  [first, 'metadata.name', 'one'],
  [first, 'name is {.metadata.name}!', 'name is one!'],
  [list, '{.items[*].metadata.name}', 'one two'],
  [list, '{.items[0].metadata.name}{"\\n"}{.items[-1:].metadata.name}', 'one\ntwo'],
  [list, '{range .items[*]}{.metadata.name}{"\\t"}{.status.count}{"\\n"}{end}', 'one\t3\ntwo\t\n'],
  [list, '{range .items[*]}[{range .status.conditions[*]}{.type} {end}]{end}', '[Ready Stalled ][Ready ]'],
  [first, '{.metadata.labels.app\\.kubernetes\\.io/name}', 'x'],
  [first, "{.metadata.labels['app\\.kubernetes\\.io/name']}", 'x'],
  [first, '{.status.conditions[?(@.type=="Ready")].status}', 'True'],
  [first, '{.status.conditions[?(@.type!="Ready")].status}', 'False'],
  [first, '{.status.conditions[*].type}', 'Ready Stalled'],
  [first, '{.status.count}', '3'],
  [first, "{['metadata','status']['name','count']}", 'one 3'],
  [first, '{.status.missing.deep}', ''],
  [first, '{.metadata.labels}', '{"app.kubernetes.io/name":"x","team":"a"}'],
  [list, '{..name}', 'one two'],
  [list, '{range .items[*]}{$.kind} {@.metadata.name};{end}', 'List one;List two;'],
];

describe('-o jsonpath', () => {
  for (const [value, template, text] of cases)
    it(`prints ${JSON.stringify(text)} for ${template}`, () => assert.equal(jsonpath(value, template), text));

  for (const template of ['{.a', '{range .items[*]}x', '{end}', '{.a[0}'])
    it(`refuses ${template}`, () => assert.throws(() => jsonpath(list, template), UsageError));

  it('executes no code of a filter', () => {
    const template = '{.items[?(process.exit(3))]}';
    assert.throws(() => jsonpath(list, template), UsageError);
  });
});
