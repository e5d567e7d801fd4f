import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person } from '../lib/cluster.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { annotateWebAs, decision, makeDeciders, scripted, verbsOn, type WholeAction } from '../lib/people/deciders.ts';
import { APPROVALS } from '../lib/people/records.ts';
import { messageOf, type Tenant } from '../lib/tenant.ts';

// Ways around a decision on a plan, each tried against the running installation. Every attack has an action of its own, or leaves the
// one that it shares waiting.

let tenant: Tenant;
let namespace = '';
let ada: Person;
let bea: Person;
let sam: Person;
let rita: Person;
let robot: Person;
const { annotate, file, planOf, read, record, stillWaits, write } = verbsOn(() => tenant);

describe('The decisions on an action', { concurrency: true }, () => {
  before(async () => {
    ({ tenant, ada, bea, sam, rita, robot } = await makeDeciders('decisions', scripted('touch-race', annotateWebAs('race'))));
    namespace = tenant.namespace;
    await Promise.all([
      ...['shared', 'many', 'rejected', 'replayed'].map((action) => file(action, 'touch')),
      file('own', 'touch', rita),
      file('race', 'touch-race'),
    ]);
  });

  describe('A plan', { concurrency: true }, () => {
    it('is decided only by its own digest', async () => {
      const plan = await planOf('shared');
      const wrong = `sha256:${'0'.repeat(64)}`;
      refused(
        await annotate(ada, 'shared', decision(wrong)),
        `the plan that you saw (${wrong}) is not the current one (${plan}); look at it again`,
      );
      refused(
        await annotate(ada, 'shared', { 'sentinel.dev/decision': 'approve' }),
        `sentinel.dev/plan must hold the digest of the plan that you saw; the current one is ${plan}`,
      );
      refused(
        await annotate(ada, 'shared', decision('')),
        `the plan that you saw () is not the current one (${plan}); look at it again`,
      );
      refused(
        await annotate(ada, 'shared', decision(plan, 'yes')),
        'sentinel.dev/decision must be one of approve, reject, revoke',
      );
      refused(
        await annotate(ada, 'shared', { 'sentinel.dev/plan': plan }),
        'sentinel.dev/decision must be one of approve, reject, revoke',
      );
    });

    it('is approved only by people of the group, whatever else they may', async () => {
      const plan = await planOf('shared');
      const message = 'policy asks for an approver from one of the groups shop-approvers; you are in none of them';
      refused(await annotate(sam, 'shared', decision(plan)), message);
      refused(await annotate(tenant.viewer, 'shared', decision(plan)), /User "vic" cannot patch resource "agentactions"/);
      refused(
        await annotate(robot, 'shared', decision(plan)),
        `'system:serviceaccount:${namespace}:robot' is a program: only people can decide`,
      );
    });

    it('is not approved by the person who asked for it, with both rights', async () => {
      refused(
        await annotate(rita, 'own', decision(await planOf('own'))),
        'you asked for this action: somebody else must approve it',
      );
      const byHand = await write(rita, 'own', await record(rita, 'own'));
      refused(
        byHand,
        'sentinel: you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it',
      );
    });

    it('is written by the operator alone and never changes', async () => {
      const message = "sentinel: only Sentinel's operator writes plans, and a plan never changes";
      const plan = await admin.get<{ metadata: object; spec: Record<string, unknown> }>([
        'actionplan',
        (await read('shared')).status?.plan?.name ?? '',
        '-n',
        namespace,
      ]);
      const copy = { ...plan, metadata: { name: 'forged', namespace } };
      refused(await admin.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(copy) }), message);
      const changed = { ...plan, spec: { ...plan.spec, attempt: 7 } };
      refused(
        await admin.tryKubectl(['replace', '-f', '-'], { input: JSON.stringify(changed) }),
        /a plan must not change: a new rehearsal makes a new plan|and a plan never changes/,
      );
      for (const who of [tenant.agent, ada]) {
        refused(
          await who.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(copy) }),
          /cannot create resource "actionplans"/,
        );
      }
    });

    it('is approved by a dry-run for nobody: nothing is stored and what comes back carries no seal', async () => {
      const { code, stdout, stderr } = await annotate(
        ada,
        'shared',
        decision(await planOf('shared')),
        '--dry-run=server',
        '-o',
        'json',
      );
      assert.equal(code, 0, stderr);
      const line = (JSON.parse(stdout) as WholeAction).metadata.annotations[APPROVALS] ?? '';
      assert.equal((JSON.parse(line) as { seal: string }).seal, '');
      assert.equal((await read('shared')).metadata.annotations[APPROVALS], undefined);
    });
  });

  describe('Decisions that count', { concurrency: true }, () => {
    it('are all kept when ten come at the same moment', async () => {
      const plan = await planOf('race');
      // Each approval of ada is revoked by her before the next one, whichever request comes first: nothing starts early.
      const word = (index: number) => (index < 8 && index % 2 === 1 ? 'revoke' : 'approve');
      const requests = Array.from({ length: 10 }, (_, index) => ({ who: index === 8 ? bea : ada, word: word(index), index }));
      const decide = (who: Person, body: Record<string, string>) =>
        eventually('the decision', async () => {
          const answer = await annotate(who, 'race', body);
          if (answer.code === 0) return true;
          assert.match(
            answer.stderr,
            /object has been modified|Operation cannot be fulfilled|only added to|is too late|approved this plan already|nothing to revoke|of this plan already/,
          );
          return /too late/.test(answer.stderr);
        });
      await Promise.all(
        requests
          .slice(0, 8)
          .map(({ who, word, index }) => decide(who, { ...decision(plan, word), 'sentinel.dev/comment': `n${index}` })),
      );
      const eight = (await read('race')).metadata.annotations[APPROVALS]?.split('\n') ?? [];
      assert.deepEqual(
        eight.map((line) => (JSON.parse(line) as { comment: string }).comment).sort(),
        requests.slice(0, 8).map(({ index }) => `n${index}`),
      );
      await Promise.all(
        requests
          .slice(8)
          .map(({ who, word, index }) => decide(who, { ...decision(plan, word), 'sentinel.dev/comment': `n${index}` })),
      );
      const ended = await tenant.until('race', ['Succeeded', 'Running', 'Starting', 'Verifying', 'RunFailed']);
      const ten = ended.metadata.annotations[APPROVALS]?.split('\n') ?? [];
      assert.equal(ten.length, 10);
      assert.deepEqual(ten.slice(0, 8), eight);
    });

    it('are no more than the status holds: otherwise the operator records the oldest of them again and again', async () => {
      const plan = await planOf('many');
      const message = 'sentinel: this action has 24 decisions, and takes no further approvals or revocations';
      try {
        for (let count = 0; count < 24; count++)
          accepted(await annotate(ada, 'many', decision(plan, count % 2 === 0 ? 'approve' : 'revoke')));
        refused(await annotate(ada, 'many', decision(plan), '--dry-run=server'), message);
        accepted(await annotate(ada, 'many', decision(plan, 'reject'), '--dry-run=server'));
      } finally {
        await tenant.cancel('many', admin);
      }
    });

    it('end with the first rejection', async () => {
      const plan = await planOf('rejected');
      accepted(await annotate(ada, 'rejected', { ...decision(plan, 'reject'), 'sentinel.dev/comment': 'not today' }));
      const ended = await tenant.until('rejected', ['Rejected']);
      assert.equal(messageOf(ended), 'rejected by ada: not today. Nothing was changed.');
      for (const who of [ada, bea])
        refused(await annotate(who, 'rejected', decision(plan)), 'it is too late to decide: the action is Rejected');
    });

    it('are revoked before the start, and then not restored by anybody else', async () => {
      const plan = await planOf('replayed');
      accepted(await annotate(bea, 'replayed', decision(plan)));
      const line = (await read('replayed')).metadata.annotations[APPROVALS] ?? '';
      accepted(await annotate(bea, 'replayed', decision(plan, 'revoke')));
      accepted(await annotate(ada, 'replayed', decision(plan)));
      await eventually('one approval of the three decisions', async () => {
        const { status } = await read('replayed');
        const approved = status?.conditions?.find(({ type }) => type === 'Approved')?.message;
        return status?.decisions?.length === 3 && approved === '1 of 2 approvals';
      });
      await stillWaits('replayed');
      refused(
        await write(ada, 'replayed', line),
        'sentinel: a decision must name this action, its current plan, and who makes it',
      );
      // The same record behind a beginning of one's own: JSON with each field twice, of which a reader takes the last.
      const twice = `${(await record(ada, 'replayed')).slice(0, -1)},${line.slice(1)}`;
      refused(
        await write(ada, 'replayed', twice),
        'sentinel: a decision must name this action, its current plan, and who makes it',
      );
    });
  });
});
