import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolutionsOf } from './resolutions.ts';
import { at, tallyFacts as facts, privateKey, sealed, stranger, type Unsealed } from './sealed.fixture.ts';
import { parseDecisions, type TallyFacts, tallyDecisions } from './tally.ts';

const line = (record: Partial<Unsealed> = {}, key = privateKey) => sealed({ decision: 'redo', effect: 0, ...record }, key);
const counted = (approvals: string, more?: Partial<TallyFacts>) => resolutionsOf(tallyDecisions(facts(approvals, more)));

describe('A sealed resolution', () => {
  for (const decision of ['accept', 'redo', 'roll-back'] as const)
    it(`counts as it is meant: ${decision}`, () => {
      const [order, ...more] = counted(line({ decision, effect: 3 }));
      assert.deepEqual([order?.resolution, order?.effect, order?.user, more.length], [decision, 3, 'ada', 0]);
    });

  const refused: Record<string, [string, Partial<TallyFacts>?]> = {
    'under another effect than was sealed': [line().replace('"effect":0', '"effect":1')],
    'as another resolution than was sealed': [line().replace('"decision":"redo"', '"decision":"accept"')],
    'sealed by somebody else': [line({}, stranger.privateKey)],
    'for another action': [line({ action: 'uid-2' })],
    'for another plan': [line({ plan: `sha256:${'2'.repeat(64)}` })],
    'of the requester': [line({ user: 'agent' })],
    'of somebody who edited the action': [line(), { editors: [{ user: 'ada', groups: [] }] }],
    'of a service account': [line({ user: 'system:serviceaccount:shop:robot' })],
    'of somebody outside of the groups': [line(), { requirements: { approvals: 1, groups: ['dba'], expiresAfter: '1h' } }],
    'without the claims that policy requires': [line(), { claimFault: () => 'no' }],
    'that has expired': [line({ expires: at(-1) })],
    'from the future': [line({ time: at(10) })],
  };
  for (const [name, [text, more]] of Object.entries(refused))
    it(`does not count ${name}`, () => assert.deepEqual(counted(text, more), []));

  it('is not an approval, and revokes none', () => {
    const approval = line({ decision: 'approve', effect: undefined });
    assert.equal(tallyDecisions(facts(line())).approvals, 0);
    assert.equal(tallyDecisions(facts(`${approval}\n${line({ time: at(-1) })}`)).approvals, 1);
  });

  it('names its effect, and a decision on a plan names none', () => {
    const lines = [line({ effect: undefined }), line({ decision: 'approve' }), line({ effect: 501 }), line()];
    const { records, unreadable } = parseDecisions(lines.join('\n'));
    assert.deepEqual([records.length, unreadable], [1, 3]);
  });

  it('is carried out in the order of the decisions', () => {
    const lines = [line({ effect: 1 }), line({ decision: 'accept', time: at(-1) })];
    assert.deepEqual(
      counted(lines.join('\n')).map(({ effect, resolution }) => [effect, resolution]),
      [
        [1, 'redo'],
        [0, 'accept'],
      ],
    );
  });
});
