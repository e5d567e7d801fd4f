import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { condition, type Draft } from './conditions.ts';
import { withoutLinesOf, withoutRepeats } from './text.ts';

describe('A message', () => {
  const said = 'sentinel: a run may not create Secrets (AgentPolicy/shop: kubernetes).';
  const rows: readonly [name: string, text: string, kept: string][] = [
    ['says each sentence once', `${said} ${said} Ask an admin. ${said}`, `${said} Ask an admin.`],
    ['says each line once', `step 'a' failed\n${said}\n${said}\nother`, `step 'a' failed\n${said}\nother`],
    [
      'says each part of a list once',
      'the first object is held; the first object is held; other',
      'the first object is held; other',
    ],
    ['keeps what is short', 'no. no. no.', 'no. no. no.'],
    ['keeps what is said once', 'one. two; three\nfour', 'one. two; three\nfour'],
  ];
  for (const [name, text, kept] of rows) it(name, () => assert.equal(withoutRepeats(text), kept));

  it('does not quote lines that say what was said before, behind words of a program', () => {
    const log = `working\nError from server (Forbidden): ${said}\ndone`;
    assert.equal(withoutLinesOf(log, `step 'one' failed; ${said}`), 'working\ndone');
    assert.equal(withoutLinesOf(log, 'step failed'), log);
  });

  it('of a condition is one line in which every character can be seen', () => {
    const draft: Draft = {};
    condition(draft, 'Executed', 'False', 'Failed', 'it said:\n\u001b[2K\u202eok', 0);
    assert.equal(draft.conditions?.[0]?.message, 'it said: ↵ \\u001b[2K\\u202eok');
  });
});
