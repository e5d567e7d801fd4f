import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { aConfigMapEffect } from '../testing/effect.fixture.ts';
import { aPolicySet, clusterPolicies } from '../testing/policies.fixture.ts';
import { dataHandling, retireAt, retireBeyondHistoryAt } from './handling.ts';
import { coversPointer, keepCommands, keepDiffs, keepText, LAST_APPLIED, UNHIDDEN } from './keep.ts';
import { MASK } from './secrets.ts';

const set = clusterPolicies;
const of = (...rules: object[]) => dataHandling(set(...rules.map((one) => ({ dataHandling: one }))));

describe('What is kept', () => {
  it('is everything but secrets where no policy says', () =>
    assert.partialDeepStrictEqual(of(), { prompts: 'Redacted', parameters: 'Redacted', logs: 'Redacted', diffs: 'Redacted' }));
  it('is the least that a policy says, in any order', () => {
    const [a, b] = [
      { prompts: 'Stored', logs: 'Hashed', retainFor: '30d', redact: { patterns: ['a+'] } },
      { prompts: 'Redacted', logs: 'Dropped', retainFor: '7d', redact: { patterns: ['b+'], fields: ['/data/x'] } },
    ];
    assert.deepEqual(of(a, b), of(b, a));
    assert.partialDeepStrictEqual(of(a, b), {
      prompts: 'Redacted',
      logs: 'Dropped',
      patterns: ['a+', 'b+'],
      fields: ['/data/x'],
      retainMs: 7 * 86_400_000,
    });
    assert.equal(of({ prompts: 'Stored' }).prompts, 'Stored');
  });
  it('is not loosened by a namespace if the floor does not set it', () => {
    const policies = (kind: 'AgentPolicy' | 'ClusterAgentPolicy', rules: object) =>
      set({ dataHandling: rules }).policies.map((policy) => ({ ...policy, kind }));
    const local = policies('AgentPolicy', { prompts: 'Stored', logs: 'Stored', diffs: 'Dropped' });
    const handled = dataHandling({ ...set(), policies: [...policies('ClusterAgentPolicy', { logs: 'Stored' }), ...local] });
    assert.partialDeepStrictEqual(handled, { prompts: 'Redacted', logs: 'Stored', diffs: 'Dropped' });
  });
  it('is nothing while a policy cannot be read', () => {
    const broken = { kind: 'AgentPolicy', name: 'x', digest: '', spec: undefined } as const;
    assert.equal(dataHandling(aPolicySet([broken])).prompts, 'Dropped');
  });
  it('stays at least as long as any policy says, whatever another one says', () => {
    assert.equal(of({ retainFor: '1s' }, { retainAtLeast: '30d' }).retainMs, 30 * 86_400_000);
    assert.equal(of({ retainFor: '90d' }, { retainAtLeast: '30d' }).retainMs, 90 * 86_400_000);
    assert.equal(of({ retainAtLeast: '30d' }).retainMs, undefined);
  });
  it('stays at least as long as a limit counts it', () => {
    const hour = { dataHandling: { retainFor: '1h' } };
    assert.equal(retireAt(set(hour), 0), 3_600_000);
    assert.equal(retireAt(set(hour, { limits: { perDay: 5 } }), 0), 86_400_000);
    assert.equal(retireAt(set(hour, { limits: { coolDown: '2d' } }), 0), 2 * 86_400_000);
    assert.equal(retireAt(set({}), 0), undefined);
    assert.equal(retireAt(set(hour), Number.NaN), undefined);
  });
  const DAY = 86_400_000;
  const histories: [name: string, policies: object[], due: number][] = [
    ['may go at once where no policy says anything', [{}], 0],
    ['stays as long as a limit counts it', [{ limits: { perDay: 20 } }], DAY],
    ['stays as long as escalations count it', [{ limits: { escalationsPerHour: 1 } }], DAY / 24],
    ['stays as long as a cool-down needs it', [{ limits: { perDay: 20, coolDown: '2d' } }], 2 * DAY],
    ['stays as long as retainAtLeast says', [{ dataHandling: { retainAtLeast: '90d' } }, { limits: { perDay: 1 } }], 90 * DAY],
    ['stays as long as retainFor says', [{ dataHandling: { retainFor: '30d' } }], 30 * DAY],
    ['takes the longest of several policies', [{ limits: { coolDown: '1d' } }, { limits: { coolDown: '3d' } }], 3 * DAY],
  ];
  for (const [name, policies, due] of histories)
    it(`beyond the history of a schedule ${name}`, () => {
      assert.equal(retireBeyondHistoryAt(set(...policies), 1000), 1000 + due);
      assert.equal(retireBeyondHistoryAt(set(...policies), Number.NaN), undefined);
    });
  it('by the digest of a text lets someone who has the text prove it', async () => {
    const hashed = await keepText('prompts', of({ prompts: 'Hashed' }), 'repair web');
    assert.match(hashed ?? '', /^sha256:[a-f0-9]{64}$/);
    assert.equal(await keepText('prompts', of({ prompts: 'Dropped' }), 'x'), undefined);
    assert.equal(await keepText('prompts', of({ prompts: 'Stored' }), 'password=hunter22'), 'password=hunter22');
  });
});

describe('A plan', () => {
  const effect = (change: Effect['change']) => aConfigMapEffect(change ? { change } : {});
  const shown = async (rules: object, change: NonNullable<Effect['change']>) =>
    (await keepDiffs(of(rules), [effect(change)]))[0]?.change?.[0];
  const plain = { path: '/data/mode', before: '"a"', after: '"b"' };

  it('shows a value that is not secret as it is', async () => assert.deepEqual(await shown({}, [plain]), plain));
  it('masks a secret in a value, says so, and stays JSON', async () => {
    const change = await shown({}, [{ path: '/data/url', before: '"x"', after: '"postgres://u:hunter22@db"' }]);
    assert.deepEqual(change, { path: '/data/url', before: '"x"', after: `"${MASK}"`, redacted: true });
  });
  it('shows digests, or nothing, where policy says so', async () => {
    const hashed = await shown({ diffs: 'Hashed' }, [plain]);
    assert.match(hashed?.before ?? '', /^"sha256:[a-f0-9]{64}"$/);
    assert.notEqual(hashed?.before, hashed?.after);
    assert.deepEqual(await shown({ diffs: 'Dropped' }, [plain]), { path: '/data/mode', redacted: true });
  });
  it('never shows a field that policy hides, nor what is in it', async () => {
    for (const field of ['/data/mode', '/data/*', '/data'])
      assert.deepEqual(await shown({ diffs: 'Stored', redact: { fields: [field] } }, [plain]), {
        path: '/data/mode',
        redacted: true,
      });
    assert.equal(coversPointer('/data/x', '/data/xy'), false);
    assert.equal(coversPointer('/data/x/y', '/data/x'), false);
  });
  it('shows what is hidden for its name where policy stores values as they are, and nowhere else', async () => {
    const hidden = { path: '/data/token', before: `"${MASK}"`, after: `"${MASK}"`, redacted: true };
    const recorded = { ...hidden, [UNHIDDEN]: { before: '"one"', after: '"two"' } };
    assert.deepEqual(await shown({ diffs: 'Stored' }, [recorded]), { path: '/data/token', before: '"one"', after: '"two"' });
    assert.deepEqual(await shown({}, [recorded]), hidden);
    const nothing = { path: '/data/token', redacted: true };
    for (const rules of [{ diffs: 'Hashed' }, { diffs: 'Dropped' }, { diffs: 'Stored', redact: { fields: ['/data'] } }])
      assert.deepEqual(await shown(rules, [recorded]), nothing);
    const changes = Array.from({ length: 10_001 }, () => recorded);
    const [kept] = await keepDiffs(of({ diffs: 'Stored' }), [effect(changes)]);
    assert.deepEqual(kept?.change?.at(-1), nothing);
  });
  it('hides a field in the copy that kubectl apply keeps as well', async () => {
    const copied = { ...plain, path: `${LAST_APPLIED}/data/mode` };
    assert.deepEqual(await shown({}, [copied]), copied);
    assert.deepEqual(await shown({ diffs: 'Stored', redact: { fields: ['/data/*'] } }, [copied]), {
      path: copied.path,
      redacted: true,
    });
    const whole = { path: LAST_APPLIED, after: '"mode: b"' };
    assert.deepEqual(await shown({ redact: { fields: ['/data/*'] } }, [whole]), { path: LAST_APPLIED, redacted: true });
    const repeats = { path: LAST_APPLIED, repeats: true };
    assert.deepEqual(await shown({ redact: { fields: ['/data/*'] } }, [repeats]), repeats);
    assert.deepEqual(await shown({ redact: { fields: ['/metadata'] } }, [repeats]), { ...repeats, redacted: true });
  });
  it('shows commands with secrets masked, unless parameters are stored as they are', async () => {
    const steps = [{ name: 'one', command: ['login', '--token=hunter22'] }];
    assert.deepEqual((await keepCommands(of(), steps))[0]?.command, ['login', `--token=${MASK}`]);
    const apart = [{ name: 'one', command: ['login', '--password', 'hunter2', 'now'] }];
    assert.deepEqual((await keepCommands(of(), apart))[0]?.command, ['login', '--password', MASK, 'now']);
    const users = [
      { name: 'one', command: ['/usr/bin/curl', '-u', 'ada:hunter22', 'http://db:80'] },
      { name: 'two', command: ['curl', '--user=ada:hunter22', '--db-pass', 'hunter22', '-uada:hunter22'] },
      { name: 'three', command: ['docker', 'run', '-u', '1000:1000'] },
    ];
    assert.deepEqual(
      (await keepCommands(of(), users)).map(({ command }) => command),
      [
        ['/usr/bin/curl', '-u', `ada:${MASK}`, 'http://db:80'],
        ['curl', `--user=ada:${MASK}`, '--db-pass', MASK, `-uada:${MASK}`],
        ['docker', 'run', '-u', '1000:1000'],
      ],
    );
    assert.deepEqual(await keepCommands(of({ parameters: 'Stored' }), steps), steps);
  });
  it('lets other work have its turn between the words of its commands', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const command = Array.from({ length: 64 }, (_, index) => `${index}=${'a'.repeat(1000)}`);
    await keepCommands(of(), Array(4).fill({ name: 'one', command }));
    clearInterval(timer);
    assert.ok(turns > 5, `${turns} turns`);
  });
  const many = (count: number, after: string) => Array.from({ length: count }, (_, at) => ({ path: `/data/${at}`, after }));
  it('hides the values beyond those that it has time to search', async () => {
    const kept = await keepDiffs(of(), Array(11).fill(effect(many(1000, '""'))));
    assert.ok(kept.at(-1)?.change?.every(({ redacted, after }) => redacted && after === undefined));
    assert.ok(kept.at(-2)?.change?.every(({ redacted, after }) => !redacted && after === '""'));
  });
  it('lets other work have its turn between two values', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const kept = await keepDiffs(of(), [effect(many(500, '"x"'))]);
    clearInterval(timer);
    assert.ok(kept[0]?.change?.every(({ redacted, after }) => !redacted && after === '"x"'));
    assert.ok(turns > 5, `${turns} turns`);
  });
  it('shows long texts by the lines that change, and long lists as indented JSON', async () => {
    const numbered = (evil: string) =>
      Array.from({ length: 300 }, (_, at) => `line ${at + 1}${at === 289 ? evil : ''}\n`).join('');
    const json = JSON.stringify;
    const text = await shown({}, [{ path: '/data/conf', before: json(numbered('')), after: json(numbered(' evil')) }]);
    assert.deepEqual([text?.before, text?.after, text?.format, text?.redacted], [undefined, undefined, 'Text', undefined]);
    assert.match(text?.lines ?? '', /^@@ -287 \+287 @@\n line 287\n.*\n line 289\n-line 290\n\+line 290 evil\n line 291/s);
    const container = (name: string) => ({ name, image: `registry.acme.io/${'x'.repeat(1500)}:1` });
    const before = json([container('web')]);
    const list = await shown({}, [{ path: '/spec/containers', before, after: json([container('web'), container('evil')]) }]);
    assert.equal(list?.format, 'JSON');
    assert.match(list?.lines ?? '', /^\+ {4}"name": "evil",$/m);
    assert.doesNotMatch(list?.lines ?? '', /^-.*"web"/m);
    assert.deepEqual(await shown({}, [{ path: '/data/conf', before: '""', after: '"a\\nb\\n"' }]), {
      path: '/data/conf',
      before: '""',
      lines: '@@ -0 +1 @@\n+a\n+b',
      format: 'Text',
    });
  });
  it('shows no secret through the lines of a text, and says that one changes', async () => {
    const text = (secret: string, filler: string) =>
      JSON.stringify(
        `${filler.repeat(9000)}mode: a\npassword: ${secret}\nkey: |\n  -----BEGIN RSA PRIVATE KEY-----\n${`  ${secret}\n`.repeat(50)}  -----END RSA PRIVATE KEY-----\n`,
      );
    for (const filler of ['', 'a: 1234567890\n']) {
      const change = await shown({}, [{ path: '/data/conf', before: text('hunter22', filler), after: text('hunter33', filler) }]);
      assert.doesNotMatch(change?.lines ?? '', /hunter/);
      assert.match(change?.lines ?? '', new RegExp(`^-password: ${MASK}\n(-.*\n)*\\+password: ${MASK}$`, 'm'));
      assert.equal(change?.redacted, true);
    }
    const hidden = [{ path: '/data/conf', before: text('a', ''), after: text('b', '') }];
    assert.deepEqual(await shown({ diffs: 'Dropped' }, hidden), { path: '/data/conf', redacted: true });
    assert.match((await shown({ diffs: 'Hashed' }, hidden))?.after ?? '', /^"sha256:/);
    const pattern = await shown({ redact: { patterns: ['ACME-[0-9]+'] } }, [{ path: '/data/x', after: '"a\\nACME-12\\n"' }]);
    assert.equal(pattern?.lines, `@@ -0 +1 @@\n+a\n+${MASK}`);
  });
  it('shows labels of pods only where their values may be shown', async () => {
    const pods = { before: 1, after: 1, labels: ['app=web', 'acme.io/tier=front'] };
    const kept = async (rules: object, labels = pods.labels) =>
      (await keepDiffs(of(rules), [{ ...effect(undefined), pods: { ...pods, labels } }]))[0]?.pods;
    assert.deepEqual(await kept({}), pods);
    assert.deepEqual(await kept({ redact: { fields: ['/spec/replicas'] } }), pods);
    for (const field of ['/spec/template', '/metadata/labels', '/*/template/metadata/labels/acme.io~1tier'])
      assert.deepEqual(await kept({ redact: { fields: [field] } }), { before: 1, after: 1 });
    for (const diffs of ['Hashed', 'Dropped']) assert.deepEqual(await kept({ diffs }), { before: 1, after: 1 });
    assert.deepEqual(await kept({}, ['token=hunter22']), { before: 1, after: 1 });
  });
  it('leaves an effect without fields as it is', async () =>
    assert.deepEqual(await keepDiffs(of(), [effect(undefined)]), [effect(undefined)]));
});
