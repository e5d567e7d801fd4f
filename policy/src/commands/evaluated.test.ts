import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judged } from './testing.ts';

const rules = ['Deny rm', 'Deny mv', 'Allow kubectl get', 'Allow ls', 'Allow cat', 'Allow foo', 'Allow sort'];
const decisionOf = (command: string | readonly string[]) => judged(rules, command).decision;
const show = (command: string | readonly string[]) => (typeof command === 'string' ? command : command.join(' '));

describe('A script that runs rm', () => {
  const rows: Record<string, readonly (string | readonly string[])[]> = {
    'through jobs': [
      'jobs -x rm -rf /data',
      'command jobs -x rm -rf /data',
      'builtin jobs -x rm -rf /data',
      "jobs -x sh -c 'rm q'",
      'jobs -x export x=rm; "$x" q',
      'x=ls; true && jobs -x export x=rm; "$x" q',
      'jobs "$x" rm q',
      'jobs -rx rm q',
    ],
  };
  for (const [how, commands] of Object.entries(rows))
    for (const command of commands)
      it(`${how} is not allowed: ${show(command)}`, () => assert.notEqual(decisionOf(command), 'Allow'));
});

describe('A script that only looks like it', () => {
  const commands: readonly (string | readonly string[])[] = ['sleep 5 & jobs -l; jobs'];
  for (const command of commands) it(`is allowed: ${show(command)}`, () => assert.equal(decisionOf(command), 'Allow'));
});
