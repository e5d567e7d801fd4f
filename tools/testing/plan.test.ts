import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Suite } from '../../test/suites.ts';
import { readTask } from './options.ts';
import { planPhases, selectChanged, selectProof, selectSuite } from './plan.ts';
import { namePattern } from './run-file.ts';
import { deal, longestFirst, runEach } from './schedule.ts';

const faults: Suite = {
  name: 'faults',
  about: '',
  files: ['test/serial/crash.test.ts', 'test/e2e/mid-run.test.ts'],
  proof: [{ file: 'test/e2e/mid-run.test.ts', cases: [['Between two writes']] }],
  folders: ['gateway/'],
};
const chart: Suite = {
  name: 'chart',
  about: '',
  files: ['test/chart/uninstall.test.ts'],
  proof: [{ file: 'test/chart/uninstall.test.ts' }],
  folders: ['charts/'],
};
const suites = [faults, chart];
const planned = ['faults', 'chart', 'forge'];

describe('What is run', () => {
  it('is the proof of every suite, each file in its phase', () => {
    assert.deepEqual(planPhases(selectProof(['test/e2e/story.test.ts', 'cluster/test/cluster.test.ts'], suites)), {
      cluster: [{ file: 'cluster/test/cluster.test.ts' }],
      together: [{ file: 'test/e2e/story.test.ts' }, ...faults.proof],
      alone: [],
      last: chart.proof,
    });
  });

  it('is each file once, whole where a suite is run whole after its proof', () => {
    const selections = [
      ...selectProof([], suites),
      ...faults.files.map((file) => ({ file })),
      ...faults.files.map((file) => ({ file })),
    ];
    assert.deepEqual(planPhases(selections), {
      cluster: [],
      together: [{ file: 'test/e2e/mid-run.test.ts' }],
      alone: [{ file: 'test/serial/crash.test.ts' }],
      last: chart.proof,
    });
  });

  it('is a suite by its name, and the names of others say which exist', () => {
    assert.deepEqual(
      selectSuite('faults', suites, planned).map(({ file }) => file),
      faults.files,
    );
    assert.throws(() => selectSuite('forge', suites, planned), {
      message: "suite 'forge' has no tests yet; suites that exist: faults, chart",
    });
    assert.throws(() => selectSuite('x', suites, planned), {
      message: "there is no suite 'x'; suites that exist: faults, chart",
    });
  });

  const changes = [
    { what: 'everything when it is not known what changed', changed: undefined, expected: ['faults', 'chart'] },
    { what: 'nothing for documents', changed: ['docs/risk.md', 'gateway.md'], expected: [] },
    { what: 'the suite whose folder changed', changed: ['gateway/src/main.ts'], expected: ['faults'] },
    { what: 'the suite whose test changed', changed: ['test/chart/uninstall.test.ts'], expected: ['chart'] },
  ];
  for (const { what, changed, expected } of changes)
    it(`after a change is ${what}`, () => {
      assert.deepEqual(
        selectChanged(changed, suites).map(({ name }) => name),
        expected,
      );
    });
});

describe('The options of the runner', () => {
  const tasks = {
    '': { kind: 'test' },
    '--fast': { kind: 'check' },
    '--ci': { kind: 'ci' },
    '--suite=faults': { kind: 'suite', suite: 'faults' },
    '--file=./test/e2e/a.test.ts': { kind: 'file', file: 'test/e2e/a.test.ts' },
  };
  for (const [option, task] of Object.entries(tasks))
    it(`'${option}' is read`, () => assert.deepEqual(readTask(option === '' ? [] : [option]), task));
  for (const args of [['--suite='], ['--suite'], ['--slow'], ['--ci', '--fast'], ['test/e2e/a.test.ts']])
    it(`${args.join(' ')} is refused`, () => assert.throws(() => readTask(args)));
});

describe('The pattern that selects cases', () => {
  it('matches the whole path of a case and nothing beside it', () => {
    const pattern = new RegExp(namePattern([['A (suite)', 'one.'], ['Another']]).replace(/^--test-name-pattern=/, ''));
    assert.match('A (suite) one.', pattern);
    assert.match('Another case', pattern);
    assert.doesNotMatch('A (suite) onex', pattern);
    assert.doesNotMatch('Not Another', pattern);
  });
});

describe('The order of test files', () => {
  it('is the longest first, and before them what has not run yet', () => {
    const seconds: Record<string, number> = { short: 1, long: 9 };
    assert.deepEqual(
      longestFirst(['short', 'new', 'long', 'newer'], (name) => seconds[name]),
      ['new', 'newer', 'long', 'short'],
    );
  });

  it('fills lanes evenly', () => {
    assert.deepEqual(
      deal([5, 1, 4, 2, 3], 2, (n) => n),
      [
        [5, 2, 1],
        [4, 3],
      ],
    );
  });

  it('ends when no more may start, and says what was left out', async () => {
    const done: number[] = [];
    const left = await runEach(
      [1, 2, 3, 4],
      1,
      async (n) => void done.push(n),
      () => done.length < 2,
    );
    assert.deepEqual(
      [done, left],
      [
        [1, 2],
        [3, 4],
      ],
    );
  });
});
