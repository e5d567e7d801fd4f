import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import { admitPlaybook, type PlaybookContext } from './playbook.ts';
import type { AdmissionRequest } from './review.ts';

// An edit asks nobody but the rate of edits and the quota.
const context = { requireEditRate: () => undefined, requireDefinitionRoom: () => undefined } as unknown as PlaybookContext;
const stampOf = (user: string) => JSON.stringify({ user, uid: '', groups: ['writers'] });

/** The annotations after an edit of a Playbook that has these authors and this trust. */
async function edited(
  user: string,
  authors: readonly string[],
  trust?: string,
  asked: PlaybookContext = context,
): Promise<Record<string, string | null>> {
  const metadata = {
    name: 'fix',
    annotations: {
      ...(authors.length > 0 ? { [annotations.authors]: authors.join('\n') } : {}),
      ...(trust === undefined ? {} : { [annotations.trust]: trust }),
    },
  };
  const request = {
    operation: authors.length === 0 ? 'CREATE' : 'UPDATE',
    userInfo: { username: user, uid: '', groups: ['writers'], extra: {} },
    object: { metadata, spec: { description: 'new' } },
    oldObject: authors.length === 0 ? null : { metadata, spec: { description: 'old' } },
  } as unknown as AdmissionRequest;
  return (await admitPlaybook(request, asked, new Date(0)))?.annotations ?? {};
}

describe('The authors of a Playbook', () => {
  const [ada, bob] = [stampOf('ada'), stampOf('bob')];

  it('begin with who creates it', async () =>
    assert.deepEqual(await edited('ada', []), {
      [annotations.authors]: ada,
      [annotations.trust]: null,
      [annotations.standing]: null,
    }));

  it('are everyone who edited it, each once', async () => {
    assert.equal((await edited('bob', [ada]))[annotations.authors], `${ada}\n${bob}`);
    assert.equal((await edited('ada', [ada, bob]))[annotations.authors], `${ada}\n${bob}`);
  });

  it('begin again with the first edit after somebody trusted it, and not after trust was withdrawn', async () => {
    assert.equal((await edited('bob', [ada], '{"playbook":"uid"}'))[annotations.authors], bob);
    assert.equal((await edited('bob', [ada], '{"withdrawal":"uid"}'))[annotations.authors], `${ada}\n${bob}`);
  });

  it('have a bound, with what to do beyond it', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => stampOf(`somebody-${index}`));
    await assert.rejects(edited('ada', many), /too many people have edited this Playbook since it was last trusted/);
  });
});

describe('The withdrawal of trust', () => {
  const withdrawal = '{"withdrawal":"uid"}';
  const update = async (annotationsAfter: Record<string, string>) => {
    const spec = { description: 'same' };
    const request = {
      operation: 'UPDATE',
      userInfo: { username: 'eve', uid: '', groups: [], extra: {} },
      object: { metadata: { name: 'fix', annotations: annotationsAfter }, spec },
      oldObject: { metadata: { name: 'fix', annotations: { [annotations.trust]: withdrawal } }, spec },
    } as unknown as AdmissionRequest;
    return await admitPlaybook(request, context, new Date(0));
  };

  it('is put back if somebody leaves it out: a ClusterAgentPolicy could trust the digest again', async () => {
    assert.deepEqual(await update({}), { annotations: { [annotations.trust]: withdrawal } });
    assert.equal(await update({ [annotations.trust]: withdrawal, other: 'x' }), undefined);
  });
});

describe('A Playbook', () => {
  it('is judged with the authors that it will have: many people, or one with many names, would pad it otherwise', async () => {
    const judged: (string | undefined)[] = [];
    const requireDefinitionRoom = ({ object }: AdmissionRequest) => {
      judged.push(object?.metadata.annotations?.[annotations.authors]);
    };
    for (const authors of [[], [stampOf('ada')]]) await edited('bob', authors, undefined, { ...context, requireDefinitionRoom });
    assert.deepEqual(judged, [stampOf('bob'), `${stampOf('ada')}\n${stampOf('bob')}`]);
  });

  it('is refused when its namespace has no room for it, before anything is stamped', async () => {
    const full = {
      ...context,
      requireDefinitionRoom: () => {
        throw new Error('no room');
      },
    };
    const object = { metadata: { name: 'fix' }, spec: { description: 'new' } };
    const request = { operation: 'CREATE', userInfo: { username: 'ada', groups: [] }, object } as unknown as AdmissionRequest;
    await assert.rejects(admitPlaybook(request, full, new Date(0)), /no room/);
  });
});
