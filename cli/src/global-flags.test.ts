import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ok, runAgainst } from '../test/fake-cluster.ts';
import { milliseconds } from './global-flags.ts';
import { UsageError } from './session.ts';

describe('a time', () => {
  for (const [text, expected] of [
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['2d', 172_800_000],
    ['15', 15_000],
    ['0', 0],
  ] as const)
    it(`of ${text} is ${expected} ms`, () => assert.equal(milliseconds('--timeout')(text), expected));

  for (const text of ['', 'soon', '-5s', '1.5h', '5 m'])
    it(`is not '${text}'`, () => assert.throws(() => milliseconds('--timeout')(text), UsageError));
});

describe('flags of every command', () => {
  const empty = () => ok({ metadata: { resourceVersion: '1' }, items: [] });
  for (const argv of [
    ['queue', '-v=6'],
    ['queue', '-v', '6'],
    ['--v=6', 'queue'],
    ['queue', '--request-timeout=5s', '--cluster', 'c', '--user', 'u', '--server', 'https://x', '--token', 't', '--as-uid', 'u'],
    ['account', 'list', '--user', 'u'],
  ])
    it(`are taken in '${argv.join(' ')}'`, async () => assert.equal((await runAgainst(empty, argv)).code, 0));

  it('point to the help of their command when they are wrong', async () => {
    for (const [argv, command] of [
      [['queue', '-v=x'], 'queue'],
      [['audit', 'show', '--frob'], 'audit show'],
      [['account', 'create', 'x'], 'account create'],
      [['plan', 'x', '-o', 'xml'], 'plan'],
    ] as const) {
      const ran = await runAgainst(empty, argv);
      assert.equal(ran.code, 2);
      assert.match(ran.error, new RegExp(`kubectl sentinel ${command} --help`), ran.error);
    }
  });

  it('are said to be wrong as JSON when that is asked for', async () => {
    const ran = await runAgainst(empty, ['queue', '--frob', '-o', 'json']);
    const { code, exitCode, remedy } = JSON.parse(ran.error) as Record<string, unknown>;
    assert.deepEqual([ran.code, ran.out, code, exitCode], [2, '', 'CommandLineInvalid', 2]);
    assert.ok(remedy);
  });
});
