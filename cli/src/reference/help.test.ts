import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { runAgainst } from '../../test/fake-cluster.ts';
import { assertGolden } from '../../test/golden.ts';
import { exampleLines, examplesOf } from './examples.ts';
import { describedProgram } from './index.ts';

const helpOf = async (...argv: string[]) => {
  const { code, out } = await runAgainst(() => undefined, argv);
  assert.equal(code, 0);
  return out.trimEnd();
};

describe('help', () => {
  it('shows commands in groups, and the options of every command last', async () => {
    const text = await helpOf('--help');
    const at = (part: string) => text.indexOf(part);
    assert.ok(
      at('\nDecide:\n') > 0 && at('\nDecide:\n') < at('\nAct:\n') && at('\nExit codes:\n') < at('\nOptions of every command:\n'),
    );
    assert.doesNotMatch(text, /^Commands:$/m);
    assert.equal(await helpOf(), text);
  });

  it('of a command has its own options first, and examples', async () =>
    assertGolden('help-logs', await helpOf('logs', '--help')));
});

const leavesOf = (command: Command): Command[] => (command.commands.length > 0 ? command.commands.flatMap(leavesOf) : [command]);

// As a shell splits them; none has more than words and single quotes.
const words = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

describe('The examples', () => {
  for (const line of exampleLines())
    it(`can be typed: ${line}`, () => {
      const all = words(line);
      const program = describedProgram().exitOverride().enablePositionalOptions();
      for (const command of leavesOf(program)) command.exitOverride().action(() => {});
      const dashes = all.indexOf('--');
      assert.doesNotThrow(() => program.parse(dashes < 0 ? all : all.slice(0, dashes), { from: 'user' }));
    });

  it('are of commands that exist', () => {
    assert.deepEqual(examplesOf('nosuch'), []);
    assert.ok(examplesOf('logs').every((line) => /^ {2}(# |kubectl sentinel logs )/.test(line)));
  });
});
