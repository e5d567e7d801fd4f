import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations, REVOKE_SCHEDULE, standingApprovalRequest } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { type AdmissionRequest, Denied } from '../review.ts';
import { sealStanding } from './seal-standing.ts';

const spec = { schedule: { cron: '@daily' } };
const digest = playbookDigest({ spec } as never);

/** What came of a request for a decision: its refusal, and what was asked of others before it. */
async function decided(word: string, { holds = true, manager = word, user = 'ada' } = {}) {
  const asked: string[] = [];
  const metadata = { name: 'fix', uid: 'u', annotations: {} };
  const request = {
    operation: 'UPDATE',
    namespace: 'shop',
    name: 'fix',
    userInfo: { username: user, uid: '', groups: [], extra: {} },
    options: { fieldManager: manager },
    object: { metadata: { ...metadata, annotations: { [annotations.decision]: word } }, spec },
    oldObject: { metadata, spec, status: { digest } },
  } as unknown as AdmissionRequest;
  const context = {
    authorizer: {
      require: async (_: unknown, { verb, resource }: { verb: string; resource: string }) => {
        asked.push(`${verb} ${resource}`);
        if (!holds) throw new Denied('VerbRequired' as never, 'you do not hold the verb');
      },
    },
    requireEditRate: () => asked.push('edit rate'),
    holdEdits: async () => {
      asked.push('hold');
      return { annotations: {} };
    },
  } as unknown as Parameters<typeof sealStanding>[1];
  const refusal = await sealStanding(request, context, new Date(0)).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { refusal, asked };
}

describe('A decision about a schedule', () => {
  const valid = standingApprovalRequest(digest, '2999-12-31T00:00:00Z', 'Low');

  it('holds edits once its words are valid and its person has the verbs', async () => {
    for (const word of [valid, REVOKE_SCHEDULE]) {
      const { refusal, asked } = await decided(word);
      assert.equal(refusal, undefined);
      assert.deepEqual(asked, ['approve playbooks', 'approve agentactions', 'hold']);
    }
  });

  it('is refused without the verb, and holds nothing then', async () => {
    const { refusal, asked } = await decided(valid, { holds: false });
    assert.match(refusal ?? '', /do not hold the verb/);
    assert.deepEqual(asked, ['approve playbooks']);
  });

  const rows: Readonly<Record<string, readonly [string, Parameters<typeof decided>[1], RegExp]>> = {
    'says something else': ['x', {}, /must be revoke-schedule, or approve-schedule:/],
    'names a day that does not exist': [
      standingApprovalRequest(digest, '2999-02-31T00:00:00Z', 'Low'),
      {},
      /must be revoke-schedule, or approve-schedule:/,
    ],
    'names another version': [
      standingApprovalRequest(`sha256:${'0'.repeat(64)}`, '2999-12-31T00:00:00Z', 'Low'),
      {},
      /is not the current digest/,
    ],
    'does not say it in its field manager': [valid, { manager: 'kubectl' }, /add --field-manager=/],
    'is from a program': [valid, { user: 'system:serviceaccount:shop:robot' }, /only people can/],
  };
  for (const [name, [word, more, why]] of Object.entries(rows))
    it(`that ${name} costs a turn of the edit rate, and holds nothing`, async () => {
      const { refusal, asked } = await decided(word, more);
      assert.match(refusal ?? '', why);
      assert.deepEqual(asked, ['edit rate']);
    });
});
