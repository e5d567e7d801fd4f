import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentRule } from '@sentinel/policy';
import type { PolicyReader } from '../policy-reader.ts';
import { admitPolicy as admit } from './policy.ts';
import { type AdmissionRequest, AdmissionReview, Denied } from './review.ts';

const rule = (name: string): AgentRule => ({
  policy: 'AgentPolicy/other',
  namespace: 'shop',
  kind: 'User',
  name,
  subjectNamespace: undefined,
});
const admitPolicy = (request: AdmissionRequest, policies: PolicyReader) => admit(request, policies, () => undefined);
const readerOf = (rules: AgentRule[] | Error) =>
  ({
    agents: async () => {
      if (rules instanceof Error) throw rules;
      return rules;
    },
  }) as unknown as PolicyReader;

const write = (before: object | undefined, after: object) =>
  AdmissionReview.parse({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      resource: { group: 'sentinel.dev', resource: 'agentpolicies' },
      operation: before ? 'UPDATE' : 'CREATE',
      namespace: 'shop',
      name: 'shop',
      userInfo: { username: 'ada' },
      object: { metadata: { name: 'shop' }, spec: after },
      oldObject: before && { metadata: { name: 'shop' }, spec: before },
    },
  }).request;

describe('Anyone who writes a policy', () => {
  it('is no agent', async () => {
    await assert.rejects(
      admitPolicy(write(undefined, {}), readerOf([rule('ada')])),
      /'ada' may not modify policies, because it is an agent/,
    );
    await admitPolicy(write(undefined, {}), readerOf([rule('bea')]));
  });

  it('needs room for it in the namespace, and none to suspend or delete it', async () => {
    const full = () => {
      throw new Denied('PolicyQuotaExceeded', 'full');
    };
    await assert.rejects(admit(write(undefined, {}), readerOf([]), full), /full/);
    await admit(write({ modes: ['DryRun'] }, { modes: ['DryRun'], suspended: true }), readerOf([]), full);
    await admit({ ...write({}, {}), operation: 'DELETE', object: null }, readerOf([]), full);
  });

  it('may suspend it whatever another policy says, and while policies cannot be read', async () => {
    const kill = write({ modes: ['DryRun'] }, { modes: ['DryRun'], suspended: true });
    await admitPolicy(kill, readerOf([rule('ada')]));
    await admitPolicy(kill, readerOf(new Error('the API server is busy')));
  });

  it('may do nothing else beside suspending it', async () => {
    const more = write({ modes: ['DryRun'] }, { modes: ['Apply'], suspended: true });
    await assert.rejects(admitPolicy(more, readerOf([rule('ada')])), Denied);
    const lift = write({ modes: ['DryRun'], suspended: true }, { modes: ['DryRun'], suspended: false });
    await assert.rejects(admitPolicy(lift, readerOf([rule('ada')])), Denied);
  });

  it('does not make an agent of themselves by mistake', async () => {
    const own = write(undefined, { subjects: [{ kind: 'User', name: 'ada' }] });
    await assert.rejects(admitPolicy(own, readerOf([])), /would make 'ada', who writes it, an agent/);
    await admitPolicy(write(undefined, { subjects: [{ kind: 'User', name: 'bea' }] }), readerOf([]));
  });
});
