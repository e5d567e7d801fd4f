import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { actionPlans } from '@sentinel/crds';
import { realWrites } from '../lib/audit-log.ts';
import { type Death, withMortal } from '../lib/mortal.ts';
import { type ActionView, client, END_STATES, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';
import { approved, chainOf, jobsOf, makeWorld, setImage, shown } from '../lib/worlds/killed.ts';

// The gateway is killed in the middle of a write. Nothing is done twice, nothing is lost, and the end says what is known.

/** As a step that does not give up does it. */
const again = (command: string) => `for i in 1 2 3 4 5 6 7 8 9; do ${command} && exit 0; sleep 1; done; exit 1`;

describe('A gateway that is killed', { concurrency: false }, () => {
  interface Case {
    readonly what: string;
    readonly when: Death['when'];
    readonly at: string;
    readonly retry?: boolean;
    readonly state: string;
    /** Generation and image at the end, and how many writes were carried out. */
    readonly end: string;
    readonly written: number;
    readonly says: RegExp;
  }
  const [same, made, back] = ['1 localhost/web:one', '2 localhost/web:two', '3 localhost/web:one'];
  const cases: Readonly<Record<string, Case>> = {
    'no-intent': {
      what: 'before its intent: nothing was done, and that is said',
      ...{ when: 'before', at: 'POST intent Intended', state: 'RunFailed', end: same, written: 0 },
      says: /0 of 1 approved effects carried out\)/,
    },
    'intent-only': {
      what: 'after its intent: it was surely not sent, and nothing was done',
      ...{ when: 'after', at: 'POST intent Intended', state: 'RunFailed', end: same, written: 0 },
      says: /0 of 1 approved effects carried out\)/,
    },
    'sent-only': {
      what: 'between the note that it is sent and the write: it is sent again, so that its outcome is known, and rolled back',
      ...{ when: 'after', at: 'PUT intent Sent', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'write-lost': {
      what: 'between write and result: what was done is found out and rolled back',
      ...{ when: 'after', at: 'PATCH deployment', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'result-lost': {
      what: 'after the result: what the step did not learn of is rolled back',
      ...{ when: 'after', at: 'PUT intent Done', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'intent-again': {
      what: 'after its intent, and the step tries again: it is done once',
      ...{ when: 'after', at: 'POST intent Intended', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
    'sent-again': {
      what: 'between the note that it is sent and the write, and the step tries again: it is done once',
      ...{ when: 'after', at: 'PUT intent Sent', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
    'write-again': {
      what: 'between write and result, and the step tries again: it is not done twice, and it is known that it was done',
      ...{ when: 'after', at: 'PATCH deployment', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
  };
  let tenant: Tenant;
  const ended = new Map<string, ActionView>();

  before(async () => {
    const scripts = Object.entries(cases).map(([name, { retry }]) => [name, retry ? again(setImage(name)) : setImage(name)]);
    tenant = await makeWorld('killed-gw', {
      ...Object.fromEntries(scripts),
      // Two writes; the gateway dies in the middle of the second one of the rehearsal and has forgotten the first.
      forgotten: `${setImage('forgotten-first')} && ${again(setImage('forgotten'))}`,
      idle: 'true',
    });
    const deaths: Death[] = Object.entries(cases).map(([name, { when, at }]) => ({ action: name, when, at }));
    const inRehearsal: Death = { action: 'forgotten', when: 'after', at: 'PATCH deployment as a dry-run' };
    const trace = await withMortal('gateway', [...deaths, inRehearsal], async (read) => {
      // Nobody dies while these are rehearsed, so all of them can be at once. The runs come one after the other: a death in one
      // would cut off the requests of another.
      const names = Object.keys(cases);
      const actions = await Promise.all(names.map((name) => tenant.file(name)));
      for (const [index, name] of names.entries()) {
        const action = actions[index] ?? assert.fail();
        await approved(tenant, action);
        ended.set(name, await tenant.until(action, END_STATES));
      }
      const action = await tenant.file('forgotten');
      ended.set('forgotten', await tenant.until(action, ['AwaitingApproval', ...END_STATES]));
      return await read();
    });
    const died = trace.flatMap(({ event, action, when, at }) => (event === 'death' ? [`${action} ${when} ${at}`] : []));
    assert.deepEqual(died.sort(), [...deaths, inRehearsal].map(({ action, when, at }) => `${action} ${when} ${at}`).sort());
  });

  for (const [name, { what, state, end, written: times, says }] of Object.entries(cases))
    it(what, async () => {
      const action = ended.get(name) ?? assert.fail();
      assert.equal(stateOf(action), state, messageOf(action));
      assert.match(messageOf(action), says);
      assert.equal(await shown(name, tenant.namespace), end);
      assert.equal(await realWrites(tenant.namespace, name), times);
      assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal', 'run']);
      assert.deepEqual(chainOf(action), []);
    });

  it('in a rehearsal: it is rehearsed again, and the plan has all that it would do', async () => {
    const action = ended.get('forgotten') ?? assert.fail();
    assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
    assert.equal(action.status?.plan?.effects, 2);
    assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal', 'rehearsal']);
    const plan = await client.getOrThrow(actionPlans, { name: action.status?.plan?.name ?? '', namespace: tenant.namespace });
    assert.deepEqual(
      plan.spec.effects.map(({ name }) => name),
      ['forgotten-first', 'forgotten'],
    );
    assert.equal(await shown('forgotten', tenant.namespace), same);
  });

  it('is not missed by a step that asked for nothing: it has done its work in one rehearsal', async () => {
    const action = await tenant.until(await tenant.file('idle'), END_STATES);
    assert.equal(stateOf(action), 'NoEffect', messageOf(action));
    assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal']);
  });
});
