import assert from 'node:assert/strict';
import { it } from 'node:test';
import { everyNodeIsolatesUsers } from './user-namespaces.ts';

const handler = (userNamespaces: boolean | undefined, name = '') => ({ name, features: { userNamespaces } });
const rows: [name: string, handlers: object[][], expected: boolean][] = [
  ['are used where every node can', [[handler(true)], [handler(true), handler(false, 'gvisor')]], true],
  ['are not used where one node cannot', [[handler(true)], [handler(false)]], false],
  ['are not used where one node does not say', [[handler(true)], []], false],
  ['are not used where only another runtime class can', [[handler(true, 'kata')]], false],
  ['are not used where no node is known', [], false],
];
for (const [name, handlers, expected] of rows) {
  it(`User namespaces ${name}`, () => {
    const items = handlers.map((runtimeHandlers) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {},
      status: { runtimeHandlers },
    }));
    assert.equal(everyNodeIsolatesUsers(items), expected);
  });
}
