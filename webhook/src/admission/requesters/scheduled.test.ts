import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations, askingManager, SCHEDULE_GROUPS, SCHEDULE_USER } from '@sentinel/crds';
import { aPlaybook, aPolicySet } from '@sentinel/policy/testing';
import { type ActionContext, admitAction } from '../action.ts';
import { type AdmissionRequest, Denied } from '../review.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const NOW = new Date('2026-01-01T12:00:00Z');
const plan = `sha256:${'1'.repeat(64)}`;
const spec = {
  intent: { summary: 's' },
  playbookRef: { name: 'fix' },
  parameters: [{ name: 'size', value: '3' }],
  onBehalfOf: { user: 'tess', authors: ['tom'] },
};
const stamp = (user: string, uid: string) => JSON.stringify({ user, uid, groups: [] });
const trust = { playbook: 'p', digest: 'd', user: 'tess', uid: '9', groups: [], time: '', key: '', seal: '' };
const playbook = aPlaybook(
  {},
  { annotations: { [annotations.authors]: stamp('tom', '8'), [annotations.trust]: JSON.stringify(trust) } },
);

const asked: string[][] = [];
const context = (found: () => Promise<unknown> = async () => playbook): ActionContext =>
  ({
    authorizer: {
      require: async () => undefined,
      wayToActAs: async (_: unknown, identities: { user: string; uid?: string }[]) => {
        asked.push(identities.map(({ user, uid = '' }) => `${user}/${uid}`));
        return undefined;
      },
    },
    policies: {
      policiesAbout: async () => aPolicySet([]),
      read: async () => ({ policies: aPolicySet([]), playbook, parent: undefined, keys: new Map() }),
      sealKeys: async () => new Map([['k1', publicKey]]),
      playbook: found,
    },
    key: () => ({ id: 'k1', privateKey }),
    requireEditRate: () => undefined,
    holdEdits: async (_: unknown, judge: () => unknown) => await judge(),
  }) as unknown as ActionContext;

interface Asked {
  readonly user?: string;
  readonly uid?: string;
  readonly change?: object;
  readonly word?: 'approve' | 'reject' | 'request-changes';
  readonly requester?: string;
}

function update({ user = 'eve', uid = '', change = {}, word, requester = SCHEDULE_USER }: Asked): AdmissionRequest {
  const stamps = { [annotations.requestedBy]: JSON.stringify({ user: requester, uid: '', groups: SCHEDULE_GROUPS }) };
  const decision = { [annotations.decision]: word, [annotations.plan]: plan, [annotations.comment]: 'why' };
  const status = { plan: { digest: plan }, conditions: [{ type: 'Succeeded', reason: 'AwaitingApproval' }] };
  const object = (more: object, of: object) => ({
    metadata: { name: 'x', uid: 'u', annotations: { ...stamps, ...more } },
    spec: of,
    status,
  });
  return {
    operation: 'UPDATE',
    namespace: 'shop',
    name: 'x',
    userInfo: { username: user, uid, groups: [], extra: {} },
    object: object(word ? decision : {}, { ...spec, ...change }),
    oldObject: object({}, spec),
    options: { fieldManager: word ? askingManager(word, plan) : '' },
  } as unknown as AdmissionRequest;
}

const refused = async (request: Asked, code: string, message: RegExp, facts = context()) =>
  assert.rejects(admitAction(update(request), facts, NOW), (error) => {
    assert.ok(error instanceof Denied, String(error));
    assert.equal(error.causes[0]?.reason, code);
    assert.match(error.message, message);
    return true;
  });
const admitted = async (request: Asked, facts = context()) => {
  const mutation = await admitAction(update(request), facts, NOW);
  return Object.keys(mutation?.annotations ?? {});
};

describe('An edit of an action of a schedule', () => {
  const changes: Record<string, object> = {
    'another Playbook': { playbookRef: { name: 'other' } },
    'other parameters': { parameters: [{ name: 'size', value: '4' }] },
    'nobody to act for': { onBehalfOf: undefined },
    'other words': { intent: { summary: 't' } },
    'another mode': { mode: 'DryRun' },
    'another mode, and cancels it': { mode: 'DryRun', cancelled: true },
  };
  for (const [what, change] of Object.entries(changes))
    it(`is refused if it names ${what}`, async () =>
      refused({ change }, 'ScheduledActionFixed', /can only be cancelled or rejected: cancel it, and correct the Playbook/));

  it('is admitted if it only cancels the action', async () => {
    const change = { cancelled: true, cancelComment: 'not now' };
    assert.ok((await admitted({ change })).includes(annotations.cancelledBy));
  });

  it('is admitted for actions of others', async () => {
    const change = { parameters: [{ name: 'size', value: '4' }] };
    assert.ok((await admitted({ change, requester: 'agent' })).includes(annotations.amendedBy));
  });
});

describe('A decision on an action of a schedule', () => {
  it('cannot ask for changes: nobody may revise it', async () =>
    refused({ word: 'request-changes' }, 'ScheduledActionFixed', /cannot be revised: reject it, and correct the Playbook/));

  it('may ask for changes of the actions of others', async () =>
    assert.ok((await admitted({ word: 'request-changes', requester: 'agent' })).includes(annotations.approvals)));

  const rows: [string, Asked][] = [
    ['who trusted the Playbook', { user: 'tess' }],
    ['who trusted the Playbook, under another name', { user: 'tess@old', uid: '9' }],
    ['an author, under another name', { user: 'tom@old', uid: '8' }],
  ];
  for (const [who, person] of rows)
    it(`does not approve it for ${who}`, async () =>
      refused(
        { ...person, word: 'approve' },
        'SelfApproval',
        /you wrote the Playbook of this schedule, or trusted it: somebody else/,
      ));

  it('approves it for somebody else, who must not be able to act as one of these people', async () => {
    asked.length = 0;
    assert.ok((await admitted({ user: 'cy', uid: '1', word: 'approve' })).includes(annotations.approvals));
    assert.deepEqual(asked, [[`${SCHEDULE_USER}/`, 'tom/8', 'tess/9']]);
  });

  it('needs the Playbook for an approval, and not for a rejection', async () => {
    const broken = context(() => Promise.reject(new Error('ETIMEDOUT')));
    await assert.rejects(admitAction(update({ user: 'cy', word: 'approve' }), broken, NOW), /ETIMEDOUT/);
    assert.ok((await admitted({ user: 'cy', word: 'reject' }, broken)).includes(annotations.approvals));
  });
});
