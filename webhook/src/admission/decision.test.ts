import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations, askingManager } from '@sentinel/crds';
import { sealRecord } from '@sentinel/policy';
import { aPolicySet } from '@sentinel/policy/testing';
import { carriesDecision, type DecisionContext, sealDecision } from './decision.ts';
import { type AdmissionRequest, Denied } from './review.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const NOW = new Date('2026-01-01T12:00:00Z');
const plan = `sha256:${'1'.repeat(64)}`;
const spec = { intent: { summary: 's' }, playbookRef: { name: 'fix' } };

/** Policies name ada as an agent. She holds the verb `approve`. */
function context(more: object = {}): DecisionContext {
  const rule = { policy: 'AgentPolicy/shop', namespace: 'shop', kind: 'User' as const, name: 'ada', subjectNamespace: undefined };
  return {
    authorizer: { require: async () => undefined, wayToActAs: async () => undefined },
    policies: {
      policiesAbout: async () => ({ ...aPolicySet([]), agents: [rule] }),
      sealKeys: async () => new Map([['k1', publicKey]]),
      ...more,
    },
    key: () => ({ id: 'k1', privateKey }),
  } as unknown as DecisionContext;
}

/** A request of a person, on an action that has these decisions. */
function asking(word: string, { user = 'ada', before = '', state = 'AwaitingApproval', effect = '' } = {}): AdmissionRequest {
  const stamps = {
    [annotations.requestedBy]: JSON.stringify({ user: 'bot', uid: '', groups: [] }),
    ...(before === '' ? {} : { [annotations.approvals]: before }),
  };
  const asked = {
    [annotations.decision]: word,
    [annotations.plan]: plan,
    ...(effect === '' ? {} : { [annotations.effect]: effect }),
  };
  const status = {
    plan: { digest: plan },
    conditions: [{ type: 'Succeeded', reason: state }],
    unknownEffects: [{ effect: 0 }],
  };
  const object = (own: object) => ({ metadata: { name: 'x', uid: 'uid-1', annotations: { ...stamps, ...own } }, spec, status });
  return {
    operation: 'UPDATE',
    namespace: 'shop',
    name: 'x',
    userInfo: { username: user, uid: '', groups: [], extra: {} },
    object: object(asked),
    oldObject: object({}),
    options: { fieldManager: askingManager(word as 'approve', plan, effect === '' ? undefined : 0) },
  } as unknown as AdmissionRequest;
}

/** Decisions of bea that were made before: approvals and revocations in turn, and the rest are rejections. */
function made(count: number, rejections = 0): string {
  const record = (at: number) => ({
    ...{ action: 'uid-1', plan, user: 'bea', uid: '8', groups: [], extra: {} },
    decision: at >= count - rejections ? 'reject' : at % 2 === 0 ? 'approve' : 'revoke',
    time: new Date(NOW.getTime() - (count - at) * 1000).toISOString(),
  });
  return Array.from({ length: count }, (_, at) => JSON.stringify(sealRecord(record(at), 'k1', privateKey))).join('\n');
}

const decisionIn = async (request: AdmissionRequest, facts = context()) => {
  const { annotations: sealed = {} } = await sealDecision(request, facts, NOW);
  return (JSON.parse(sealed[annotations.approvals]?.split('\n').at(-1) ?? '') as { decision: string }).decision;
};
const refusal = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Denied);
  assert.deepEqual(
    error.causes.map(({ reason }) => reason),
    [code],
  );
  assert.match(error.message, message);
  return true;
};

describe('A person whom a policy names as an agent', () => {
  it('cannot approve, and cannot resolve an effect', async () => {
    const message = /'ada' is an agent \(AgentPolicy\/shop names it in `subjects`\): agents cannot (approve|accept)/;
    await assert.rejects(decisionIn(asking('approve')), refusal('AgentNotAllowed', message));
    const resolution = asking('accept', { state: 'OutcomeUnknown', effect: '1' });
    await assert.rejects(decisionIn(resolution), refusal('AgentNotAllowed', message));
  });

  // Otherwise anyone who writes a policy could name an approver in it, and so prevent the rejection.
  it('can reject', async () => assert.equal(await decisionIn(asking('reject')), 'reject'));

  it('can revoke what they approved before', async () => {
    const record = {
      action: 'uid-1',
      plan,
      user: 'ada',
      uid: '',
      groups: [],
      extra: {},
      decision: 'approve',
      time: '2026-01-01T11:59:00Z',
    };
    const before = JSON.stringify(sealRecord(record, 'k1', privateKey));
    assert.equal(await decisionIn(asking('revoke', { before })), 'revoke');
  });
});

describe('A rejection', () => {
  it('needs no policy: one that cannot be read does not prevent it', async () => {
    const broken = context({ policiesAbout: () => Promise.reject(new Error('ETIMEDOUT')) });
    assert.equal(await decisionIn(asking('reject'), broken), 'reject');
    await assert.rejects(decisionIn(asking('approve', { user: 'cy' }), broken), /ETIMEDOUT/);
  });

  it('is recognized in an update', () => assert.equal(carriesDecision(asking('reject').object as never), true));
});

describe('The number of decisions', () => {
  it('is 24, and eight more for rejections: the refusal says what is possible nevertheless', async () => {
    const full = { user: 'cy', before: made(24) };
    const message = /this action has 24 decisions, and takes no further approvals or revocations.*reject it or cancel it/;
    await assert.rejects(decisionIn(asking('approve', full)), refusal('DecisionLimitExceeded', message));
    const revokes = asking('revoke', { user: 'bea', before: `${made(23, 0)}\n${made(1)}` });
    await assert.rejects(decisionIn(revokes), refusal('DecisionLimitExceeded', message));
    assert.equal(await decisionIn(asking('approve', { user: 'cy', before: made(23) })), 'approve');
    assert.equal(await decisionIn(asking('reject', full)), 'reject');
    assert.equal(await decisionIn(asking('reject', { user: 'cy', before: made(31, 8) })), 'reject');
    const none = asking('reject', { user: 'cy', before: made(32, 8) });
    await assert.rejects(decisionIn(none), refusal('DecisionLimitExceeded', /has 32 decisions, and takes no more: cancel it/));
  });
});

describe('A decision without the reason that policy requires', () => {
  const ticket = 'OPS-[0-9]+';
  const of = (kind: 'AgentPolicy' | 'ClusterAgentPolicy', reasons: object) =>
    context({ policiesAbout: async () => aPolicySet([{ kind, name: 'p', digest: '', spec: { reasons } as never }]) });
  const with_ = (word: string, comment?: string) => {
    const request = asking(word, { user: 'cy' });
    if (comment !== undefined && request.object?.metadata.annotations)
      request.object.metadata.annotations[annotations.comment] = comment;
    return request;
  };
  const toThat = (decision: string, field: string, next: string) =>
    new RegExp(`\\(ClusterAgentPolicy/p: reasons\\.${decision}\\.${field}\\)\\. Decide again and ${next}`);

  for (const [word, decision] of [
    ['approve', 'approvals'],
    ['reject', 'rejections'],
  ] as const) {
    it(`is refused: ${word}, with code, rule and remedy`, async () => {
      const comment = of('ClusterAgentPolicy', { [decision]: { comment: true } });
      await assert.rejects(decisionIn(with_(word), comment), refusal('CommentRequired', toThat(decision, 'comment', 'say why')));
      const ticketed = of('ClusterAgentPolicy', { [decision]: { ticket } });
      const names = toThat(decision, 'ticket', 'name the ticket');
      await assert.rejects(decisionIn(with_(word, 'fine'), ticketed), refusal('TicketRequired', names));
      assert.equal(await decisionIn(with_(word, 'OPS-1'), ticketed), word);
    });
  }

  it('is taken if the policy is about other decisions', async () => {
    assert.equal(await decisionIn(with_('approve'), of('AgentPolicy', { rejections: { comment: true } })), 'approve');
    assert.equal(await decisionIn(with_('reject'), of('AgentPolicy', { approvals: { ticket } })), 'reject');
  });

  it('is taken if it is a rejection and the ticket is that of a namespace, which could prevent every rejection', async () =>
    assert.equal(await decisionIn(with_('reject'), of('AgentPolicy', { rejections: { ticket: 'x'.repeat(200) } })), 'reject'));

  it('is refused as long as the plan says so, also if policy does not any more', async () => {
    const request = with_('approve');
    Object.assign(request.oldObject?.status as object, { required: { expiresAfter: '1h', reasons: { tickets: [ticket] } } });
    await assert.rejects(decisionIn(request), refusal('TicketRequired', /\(Sentinel: ActionPlan\.spec\.required\.reasons\)/));
  });
});

describe('A request for changes', () => {
  const with_ = (more: Parameters<typeof asking>[1] = {}, comment: string | undefined = 'use 1.2.5') => {
    const request = asking('request-changes', { user: 'cy', ...more });
    if (comment !== undefined && request.object?.metadata.annotations)
      request.object.metadata.annotations[annotations.comment] = comment;
    return request;
  };
  const earlier = (digit: string) => {
    const record = { action: 'uid-1', plan: `sha256:${digit.repeat(64)}`, user: 'bea', uid: '8', groups: [], extra: {} };
    return JSON.stringify(
      sealRecord({ ...record, decision: 'request-changes', time: NOW.toISOString(), comment: 'c' }, 'k1', privateKey),
    );
  };

  for (const state of ['AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended'])
    it(`is sealed in ${state}`, async () => assert.equal(await decisionIn(with_({ state })), 'request-changes'));

  for (const state of ['Pending', 'Running', 'Verifying', 'RollingBack', 'OutcomeUnknown', 'Rejected', 'Succeeded'])
    it(`is refused in ${state}`, async () =>
      assert.rejects(decisionIn(with_({ state })), refusal('DecisionTooLate', /it is too late to decide/)));

  it('is refused without a comment', async () =>
    assert.rejects(decisionIn(with_({}, ' ')), refusal('CommentRequired', /a request for changes must say what to change/)));

  it('is refused when people have asked as often as policy allows, with the rule and what is left', async () => {
    const before = ['2', '3', '4'].map(earlier).join('\n');
    const message =
      /asked for changes of this action 3 times; at most 3 are allowed \(Sentinel: limits\.revisions\)\. Approve or reject/;
    await assert.rejects(decisionIn(with_({ before })), refusal('RevisionLimitExceeded', message));
    assert.equal(await decisionIn(with_({ before: earlier('2') })), 'request-changes');
    assert.equal(await decisionIn(asking('reject', { user: 'cy', before })), 'reject');
  });

  it('is refused when policies cannot be read, unlike a rejection', async () => {
    const broken = context({ policiesAbout: () => Promise.reject(new Error('ETIMEDOUT')) });
    await assert.rejects(decisionIn(with_(), broken), /ETIMEDOUT/);
  });

  it('is refused to who does not hold the verb', async () => {
    const none = context();
    const authorizer = { ...none.authorizer, require: () => Promise.reject(new Denied('PermissionMissing', 'no')) } as never;
    await assert.rejects(decisionIn(with_(), { ...none, authorizer }), refusal('PermissionMissing', /no/));
  });

  it('may come from who a policy names as an agent, like a rejection', async () =>
    assert.equal(await decisionIn(with_({ user: 'ada' })), 'request-changes'));
});
