import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actorStampOf, stampOf } from './identity.ts';

const user = (groups: string[]) => ({ username: 'ada', uid: '', groups, extra: {} });

describe('The stamp of an identity', () => {
  it('holds names of groups with signs that JSON leaves as they are', () => {
    assert.equal(stampOf(user(['R&D', '<all>'])), '{"user":"ada","uid":"","groups":["R&D","<all>"]}');
  });

  it('is refused for a group that JSON would escape, which it names', () => {
    assert.throws(() => stampOf(user(['CORP\\devs'])), /the name "CORP\\\\devs" of your user or of one of your groups/);
  });

  it('does not ask for groups where it names none', () => {
    assert.equal(actorStampOf(user(['CORP\\devs'])), '{"user":"ada","uid":""}');
  });
});
