import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ACTS_HEAD,
  ACTS_ROOM,
  type Act,
  actDigest,
  digestOf,
  factsOfAct,
  GENESIS,
  JournaledAct,
  readActsHead,
} from '@sentinel/crds';
import { ApiError, type KubeClient } from '@sentinel/kube';
import { sealFault } from '@sentinel/policy';
import { ActJournal } from './journal.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const ANSWER_MS = 2;
const act = (name: string, namespace = 'shop'): Act => ({
  transitions: ['PolicySuspended'],
  time: '2026-01-01T12:00:00Z',
  user: 'ada',
  uid: '',
  groups: [],
  kind: 'AgentPolicy',
  namespace,
  name,
  object: 'u',
  generation: 2,
  digest: 'sha256:1',
});

/** The journal as the API server keeps it: a write with another version than the stored one is refused. */
function stored() {
  const state = { version: 1, data: {} as Record<string, string>, conflicts: 0, writes: 0 };
  const client = {
    // As long as an answer takes, others write.
    getOrThrow: async () => {
      const read = { metadata: { resourceVersion: String(state.version) }, data: { ...state.data } };
      await sleep(ANSWER_MS);
      return read;
    },
    get: async () => ({ metadata: { uid: 'u' } }),
    patch: async (_: unknown, __: unknown, body: { metadata: { resourceVersion: string }; data: Record<string, string> }) => {
      await sleep(ANSWER_MS);
      state.writes += 1;
      if (body.metadata.resourceVersion !== String(state.version)) {
        state.conflicts += 1;
        throw new ApiError({ status: 409, reason: 'Conflict', message: 'the object has been modified' });
      }
      state.version += 1;
      Object.assign(state.data, body.data);
    },
  };
  return { state, journal: () => new ActJournal(client as unknown as KubeClient, () => ({ id: 'k1', privateKey })) };
}

function chainIn(data: Readonly<Record<string, string>>) {
  return Object.entries(data)
    .filter(([id]) => id !== ACTS_HEAD)
    .map(([id, text]) => ({ id, act: JournaledAct.parse(JSON.parse(text)) }))
    .sort((a, b) => (a.act.sealed?.number ?? 0) - (b.act.sealed?.number ?? 0));
}

describe('The journal of acts', () => {
  it('gives each act a number and a seal, also where replicas write at once', async () => {
    const { state, journal } = stored();
    const replicas = [journal(), journal(), journal()];
    const names = Array.from({ length: 40 }, (_, at) => `p${at}`);
    const written = await Promise.all(names.map((name, at) => replicas[at % 3]?.write(act(name, `ns${at % 5}`))));
    assert.deepEqual(new Set(written), new Set([undefined]));
    assert.ok(state.conflicts > 0, 'nothing came at once');
    assert.ok(state.writes < names.length, 'each act has a write of its own, so that many would meet');
    const chain = chainIn(state.data);
    let previous = GENESIS;
    for (const [index, { id, act: one }] of chain.entries()) {
      const sealed = one.sealed ?? assert.fail('it is not sealed');
      assert.deepEqual([sealed.number, sealed.previous], [index + 1, previous]);
      assert.equal(sealFault(sealed, new Map([['k1', publicKey]])), undefined);
      assert.equal(sealed.facts, actDigest('ada', factsOfAct(id, one)));
      previous = digestOf(sealed);
    }
    assert.deepEqual(readActsHead(state.data), { number: 40, digest: previous });
  });

  it('has room for so many acts of a namespace, also of those that come at once', async () => {
    const { state, journal } = stored();
    const one = journal();
    const faults = await Promise.all(Array.from({ length: 40 }, (_, at) => one.write(act(`p${at}`))));
    assert.equal(faults.filter((fault) => fault === undefined).length, ACTS_ROOM.stop.namespace);
    assert.equal(chainIn(state.data).length, ACTS_ROOM.stop.namespace);
    assert.match(faults.find((fault) => fault !== undefined) ?? '', /acts in namespace 'shop' wait to be recorded already/);
  });

  it('goes on behind what the operator has taken out', async () => {
    const { state, journal } = stored();
    await journal().write(act('a'));
    const head = readActsHead(state.data);
    state.data = { [ACTS_HEAD]: state.data[ACTS_HEAD] ?? '' };
    await journal().write(act('b'));
    assert.deepEqual(
      chainIn(state.data).map(({ act: one }) => [one.sealed?.number, one.sealed?.previous]),
      [[2, head.digest]],
    );
  });

  it('writes nothing where its head cannot be read: numbering again would hide what was lost', async () => {
    const { state, journal } = stored();
    state.data = { [ACTS_HEAD]: 'x' };
    assert.match((await journal().write(act('a'))) ?? '', /the journal of acts could not be written/);
    assert.deepEqual(Object.keys(state.data), [ACTS_HEAD]);
  });
});
