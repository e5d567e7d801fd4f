import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { page } from './page.ts';
import { readOutcomes } from './report.ts';

const container = ['[sig-network] Netpol', 'NetworkPolicy between server and client'];
const spec = (LeafNodeText: string, State: string, more: object = {}) => ({
  ContainerHierarchyTexts: container,
  LeafNodeType: 'It',
  LeafNodeText: `${LeafNodeText} [Feature:NetworkPolicy]`,
  State,
  RunTime: 2_500_000_000,
  ...more,
});
const sctp = { ContainerHierarchyTexts: ['[sig-network] Netpol [Feature:SCTPConnectivity] [LinuxOnly]', container[1]] };
const suite = {
  ContainerHierarchyTexts: null,
  LeafNodeType: 'ReportAfterSuite',
  LeafNodeText: 'JSON',
  State: 'passed',
  RunTime: 1,
};
const report = (...specs: object[]) => JSON.stringify([{ SpecReports: specs }]);

describe('The report of the NetworkPolicy tests', () => {
  it('gives each test its outcome, and why', () => {
    const text = report(
      suite,
      spec('should support allow-all policy', 'passed'),
      spec('should enforce updated policy', 'failed', { Failure: { Message: 'had 2 wrong results\nmore' } }),
      spec('should support a policy', 'skipped', sctp),
      spec('should hang', 'timedout'),
    );
    const outcomes = readOutcomes(text, { sctp: false }).map(({ name, outcome, reason }) => [name, outcome, reason]);
    assert.deepEqual(outcomes, [
      [
        'Netpol [Feature:SCTPConnectivity] [LinuxOnly] should support a policy',
        'not run',
        'the kernel of the machine has no SCTP',
      ],
      ['Netpol should enforce updated policy', 'failed', 'had 2 wrong results'],
      ['Netpol should hang', 'failed', 'state timedout'],
      ['Netpol should support allow-all policy', 'passed', undefined],
    ]);
  });

  it('counts a set-up that failed', () => {
    const outcomes = readOutcomes(report({ ...suite, State: 'failed' }, spec('x', 'passed')), { sctp: true });
    assert.deepEqual(
      outcomes.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name),
      ['JSON'],
    );
  });

  it('is refused when it holds no test', () => {
    assert.throws(() => readOutcomes(report(suite), { sctp: true }), /holds no test/);
    assert.throws(() => readOutcomes('[]', { sctp: true }), /holds no test/);
  });
});

describe('The page about the NetworkPolicy tests', () => {
  const outcomes = readOutcomes(report(spec('a', 'passed'), spec('b', 'failed', { Failure: { Message: 'p|q <r>' } })), {
    sctp: true,
  });

  it('counts and names what passes, what fails and why', () => {
    const text = page({ kubernetes: 'v1.36.3', kernel: '6.18', outcomes });
    assert.match(text, /\*\*1 passed, 1 failed, 0 not run\*\*, with the tests of Kubernetes v1\.36\.3 on Linux 6\.18/);
    assert.match(text, /## What fails\n\n- Netpol b: p\|q \\<r\\>\n/);
    assert.match(text, /\| Netpol a \| passed \|\n\| Netpol b \| \*\*failed\*\* \|\n$/);
    assert.doesNotMatch(text, /## What was not run/);
  });

  it('says that there was no run', () => {
    assert.match(page(undefined), /No result is recorded yet/);
  });
});
