import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { finalStates, stateErrors, successStates } from '@sentinel/crds';
import { guardsOf, templatesOf } from '../guards.ts';
import { type ErrorSection, sections } from './catalogue.ts';
import { catalogueFaults } from './faults.ts';
import { errorsPage } from './page.ts';
import { guardMessages, readUsers } from './read-errors.ts';

const root = join(import.meta.dirname, '..', '..');
const entry = { when: 'It happens.', next: 'Do this.' };
const section = (errors: ErrorSection['errors'], isSent = true): ErrorSection => ({
  title: 'One',
  where: 'There.',
  errors,
  isSent,
});

describe('The catalogue of errors', () => {
  const cases: [string, readonly ErrorSection[], string[], [string, string[]][], RegExp | undefined][] = [
    ['takes a code that a source names', [section({ TooLate: entry })], ["deny('TooLate', x)"], [], undefined],
    [
      'refuses a code that nothing uses',
      [section({ TooLate: entry })],
      ['// TooLate', "'TooLateAgain'"],
      [],
      /'TooLate' .* never used/,
    ],
    ['refuses a code of another form', [section({ too_late: entry })], [], [], /UpperCamelCase/],
    [
      'refuses a code of two tables',
      [section({ TooLate: entry }), section({ TooLate: entry })],
      ["'TooLate'"],
      [],
      /declared twice/,
    ],
    ['refuses half a sentence', [section({ TooLate: { ...entry, next: 'wait' } })], ["'TooLate'"], [], /full sentences/],
    ['takes a code of a guard', [section({ RunLock: entry }, false)], [], [['RunLock', []]], undefined],
    ['refuses a code of a guard that is gone', [section({ RunLock: entry }, false)], ["'RunLock'"], [], /has no policy/],
    ['refuses a guard without a code', [], [], [['sentinel-new', []]], /'sentinel-new' of the chart has no code/],
  ];
  for (const [name, given, sources, guards, fault] of cases)
    it(name, () => {
      const faults = catalogueFaults(given, sources, new Map(guards));
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.match(faults.join(), fault);
    });

  it('is true for this repository', () => {
    const { guards } = guardsOf(templatesOf(join(root, 'charts/sentinel')));
    assert.deepEqual(catalogueFaults(sections, readUsers(root), guardMessages(guards)), []);
  });

  it('has each state in which an action ended without success', () => {
    const failed = [...finalStates].filter((state) => !successStates.has(state));
    assert.deepEqual(
      failed.filter((state) => !(state in stateErrors)),
      [],
    );
  });

  it('is written in the order of the alphabet, with a heading for each code and the messages of a guard', () => {
    const page = errorsPage([section({ Beta: entry, Alpha: entry })], new Map([['Beta', ['no way']]]));
    assert.match(
      page,
      /### Alpha\n\nIt happens\.\n\n\*\*What to do:\*\* Do this\.\n\n### Beta\n[^#]*Its messages:\n\n- no way\n$/,
    );
  });
});
