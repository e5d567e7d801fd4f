import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aPolicySet, clusterPolicy } from '@sentinel/policy/testing';
import { Authorizer } from '../authorize.ts';
import { requireNoAgent, requireOther, requireSeparation } from './people.ts';
import { Denied, type UserInfo } from './review.ts';

const ada: UserInfo = { username: 'ada', uid: '7', groups: ['sre'], extra: { mfa: ['true'] } };
const requester = { user: 'system:serviceaccount:shop:bot', groups: [] };
const set = (identity: object) => aPolicySet([clusterPolicy({ identity })]);

describe('Anyone who decides', () => {
  const others: readonly [name: string, people: { user: string; uid?: string; groups: string[] }[], refused: boolean][] = [
    ['is nobody of these', [{ user: 'bea', uid: '8', groups: [] }], false],
    [
      'is one of these by name',
      [
        { user: 'bea', groups: [] },
        { user: 'ada', groups: [] },
      ],
      true,
    ],
    ['is one of these by uid', [{ user: 'ada@old', uid: '7', groups: [] }], true],
    ['is not one of these by a uid that is missing', [{ user: 'bea', uid: '', groups: [] }], false],
  ];
  for (const [name, people, refused] of others)
    it(name, () => {
      const ask = () => requireOther({ ...ada, uid: name.includes('missing') ? '' : '7' }, people, 'no');
      if (refused) assert.throws(ask, Denied);
      else ask();
    });

  it('is told which other name has the same uid, and what to do', () => {
    const role = 'aws-iam-authenticator:111122223333:AROAEXAMPLE';
    const says = (user: string) => {
      try {
        requireOther(
          { ...ada, username: 'arn:…/ada', uid: role },
          [{ user, uid: role, groups: [] }],
          'you asked for this action',
        );
      } catch (error) {
        return String(error);
      }
      return '';
    };
    assert.match(
      says('arn:…/bea'),
      /you asked for this action\. You are 'arn:…\/ada', and that was 'arn:…\/bea', but both have the uid 'aws-iam-authenticator:.*share a login or an IAM role, so you count as one person\. Log in as a user or role that nobody shares/,
    );
    assert.doesNotMatch(says('arn:…/ada'), /uid/);
  });

  it('is no agent', () => {
    const rule = { policy: 'AgentPolicy/shop', namespace: 'shop', kind: 'User' as const, subjectNamespace: undefined };
    assert.throws(
      () => requireNoAgent([{ ...rule, name: 'ada' }], ada, 'approve'),
      /'ada' is an agent \(AgentPolicy\/shop names it in `subjects`\): agents cannot approve/,
    );
    requireNoAgent([{ ...rule, name: 'bea' }], ada, 'approve');
  });
});

describe('Separation of duties', () => {
  const asked: Record<string, unknown>[] = [];
  /** The API server as far as it is asked here: it grants the rights on one resource. */
  const authorizer = (resource: string | undefined, fails = false) =>
    new Authorizer({
      subjectAccessReview: async (spec: Record<string, unknown>) => {
        if (fails) throw new Error('timeout');
        asked.push(spec);
        return { allowed: (spec.resourceAttributes as { resource: string }).resource === resource };
      },
    } as unknown as ConstructorParameters<typeof Authorizer>[0]);
  const judge = (resource: string | undefined, identity: object, fails = false) =>
    requireSeparation(authorizer(resource, fails), set(identity), ada, { identities: [requester], what: 'approve it' });

  it('asks with the whole identity, and holds for nobody who could not act as who asked', async () => {
    assert.equal(await judge(undefined, {}), undefined);
    const { user, uid, groups, extra } = asked[0] ?? {};
    assert.deepEqual({ user, uid, groups, extra }, { user: 'ada', uid: '7', groups: ['sre'], extra: { mfa: ['true'] } });
  });

  it('refuses anyone who could, says by which right, and what to do', () =>
    assert.rejects(
      judge('cronjobs', {}),
      /you can act as 'system:serviceaccount:shop:bot' \(create cronjobs\.batch in namespace 'shop'\), so you count as the same person, and somebody else must approve it\. Ask somebody without that right; an admin of the cluster can exempt you by name/,
    ));

  it('answers with the policy that exempts them by name', async () =>
    assert.equal(await judge('pods', { separationOfDuties: { exemptUsers: ['ada'] } }), 'ClusterAgentPolicy/floor'));

  it('records no exemption that is not used', async () =>
    assert.equal(await judge(undefined, { separationOfDuties: { exemptUsers: ['ada'] } }), undefined));

  it('refuses when it cannot ask, the exempted as well', async () => {
    await assert.rejects(judge('pods', {}, true), /could not be checked/);
    await assert.rejects(judge('pods', { separationOfDuties: { exemptUsers: ['ada'] } }, true), Denied);
  });
});
