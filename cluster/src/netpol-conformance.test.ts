import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { netpolConformanceArgs } from './netpol-conformance.ts';

describe('The command line of the NetworkPolicy tests', () => {
  const files = { kubeconfig: '/k', reports: '/r' };

  it('has a focus, without which Ginkgo leaves every test of a feature out', () => {
    for (const sctp of [true, false]) assert.ok(netpolConformanceArgs({ ...files, sctp }).includes('--ginkgo.focus=Netpol'));
  });

  it('leaves out the tests that talk by SCTP only where the kernel cannot', () => {
    const skips = (sctp: boolean) => netpolConformanceArgs({ ...files, sctp }).filter((arg) => arg.includes('skip'));
    assert.deepEqual(skips(true), []);
    assert.deepEqual(skips(false), ['--ginkgo.skip=SCTPConnectivity']);
  });
});
