import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_SUBJECT, subjectFaults } from './subject.ts';

describe('The subject of a commit', () => {
  const right = ['policy: reject arithmetic that is not a number', 'policy/commands: read sed', 'Merge branch "x"', 'fixup! x'];
  for (const subject of right) it(`is right: ${subject}`, () => assert.deepEqual(subjectFaults(`${subject}\n\nWhy.`), []));

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['Reject arithmetic', /must have the form/],
    ['policy:no space', /must have the form/],
    ['Policy: reject', /must have the form/],
    ['', /must have the form/],
    ['policy: reject it.', /full stop/],
    [`policy: ${'x'.repeat(MAX_SUBJECT)}`, /at most 72 characters; it has 80/],
  ];
  for (const [subject, fault] of wrong)
    it(`is refused: '${subject.slice(0, 30)}'`, () => assert.match(subjectFaults(subject).join(), fault));

  it('is the first line that is not a comment', () => assert.deepEqual(subjectFaults('# comment\npolicy: reject it'), []));
});
