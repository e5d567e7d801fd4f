import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ParameterDeclaration } from '@sentinel/crds';
import { aPlaybookSpec } from '../testing/playbook.fixture.ts';
import { fillSteps, resolveParameters } from './parameters.ts';
import { playbookFaults } from './playbook-faults.ts';

const playbook = (
  parameters: object[],
  command: string[] = ['kubectl', 'get', 'pods'],
  env?: { name: string; value: string }[],
) =>
  aPlaybookSpec({
    parameters: parameters.map((one) => ParameterDeclaration.parse(one)),
    steps: [{ name: 'one', command, ...(env ? { env } : {}) }],
  });
const given = (value: string | undefined, name = 'p') => (value === undefined ? [] : [{ name, value }]);

describe('The value of a parameter', () => {
  const dash = "must not begin with '-': it would be read as an option";
  const rows: Record<string, { declared: object; value: string | undefined; fault: string | undefined }> = {
    'is taken as it is': { declared: {}, value: 'web $(params.p) $HOME\n', fault: undefined },
    'may be left out': { declared: {}, value: undefined, fault: undefined },
    'is missing when it is required': { declared: { required: true }, value: undefined, fault: 'is required' },
    'may not be read as an option': { declared: {}, value: '--all', fault: dash },
    'may begin with a dash where that is allowed': { declared: { allowLeadingDash: true }, value: '-l', fault: undefined },
    'may not begin with a dash because its pattern lets it': { declared: { pattern: '.*' }, value: '-f', fault: dash },
    'may not be an option by default either': { declared: { default: '--all' }, value: undefined, fault: dash },
    'may not hold NUL': { declared: { allowLeadingDash: true }, value: 'a\u0000b', fault: 'must not hold a NUL character' },
    'may be a negative number': { declared: { type: 'Integer' }, value: '-3', fault: undefined },
    'is no number with an exponent': { declared: { type: 'Integer' }, value: '1e3', fault: "must be a whole number, not '1e3'" },
    'is no number with a zero in front': {
      declared: { type: 'Integer' },
      value: '007',
      fault: "must be a whole number, not '007'",
    },
    'is no number with something behind it': {
      declared: { type: 'Integer' },
      value: '1\n',
      fault: "must be a whole number, not '1\n'",
    },
    'is no number beyond what is exact': {
      declared: { type: 'Integer' },
      value: '9007199254740993',
      fault: "must be a whole number, not '9007199254740993'",
    },
    'is a number from its minimum on': { declared: { type: 'Integer', min: 2 }, value: '2', fault: undefined },
    'is no number below its minimum': { declared: { type: 'Integer', min: -2 }, value: '-3', fault: 'must be at least -2' },
    'is a number up to its maximum': { declared: { type: 'Integer', max: 5 }, value: '5', fault: undefined },
    'is no number above its maximum': { declared: { type: 'Integer', max: 5 }, value: '10', fault: 'must be at most 5' },
    'is no switch in capitals': { declared: { type: 'Boolean' }, value: 'True', fault: "must be 'true' or 'false', not 'True'" },
    'is a switch': { declared: { type: 'Boolean' }, value: 'false', fault: undefined },
    'is one of a list': { declared: { enum: ['a', 'b'] }, value: 'b', fault: undefined },
    'is outside of a list': { declared: { enum: ['a', 'b'] }, value: 'c', fault: "must be one of 'a', 'b'" },
    'matches its pattern': { declared: { pattern: '[a-z]+' }, value: 'web', fault: undefined },
    'must match its pattern from the start': { declared: { pattern: '[a-z]+' }, value: '1web', fault: "must match '[a-z]+'" },
    'must match its pattern to the end': { declared: { pattern: '[a-z]+' }, value: 'web;id', fault: "must match '[a-z]+'" },
    'must match its pattern over its line end': {
      declared: { pattern: '^[a-z]+$' },
      value: 'web\n',
      fault: "must match '^[a-z]+$'",
    },
    'must match every alternative as a whole': { declared: { pattern: 'a|b' }, value: 'ab', fault: "must match 'a|b'" },
    'matches nothing under an invalid pattern': { declared: { pattern: '(' }, value: '(', fault: "must match '('" },
    'matches nothing under what RE2 does not know': { declared: { pattern: '(?=a)a' }, value: 'a', fault: "must match '(?=a)a'" },
  };
  for (const [name, { declared, value, fault }] of Object.entries(rows)) {
    it(name, () => {
      const { refusals } = resolveParameters(playbook([{ name: 'p', ...declared }]), given(value));
      assert.deepEqual(
        refusals.map(({ message }) => message),
        fault === undefined ? [] : [`parameter 'p' ${fault}`],
      );
    });
  }

  it('is refused when it is not declared, and what is declared is named', () => {
    const { refusals } = resolveParameters(playbook([{ name: 'p' }]), given('1', 'q'));
    assert.deepEqual(refusals, [
      {
        code: 'ParameterNotDeclared',
        policy: 'Playbook',
        rule: 'parameters[q]',
        message: "parameter 'q' is not declared; declared: p",
      },
    ]);
  });

  it('falls back to its default, and prefers what is given, even when that is empty', () => {
    const declared = playbook([{ name: 'p', default: 'd' }]);
    assert.deepEqual(
      [undefined, 'g', ''].map((value) => resolveParameters(declared, given(value)).values.get('p')),
      ['d', 'g', ''],
    );
  });

  it('takes no time to refuse, whatever the pattern', { timeout: 2000 }, () => {
    for (const pattern of ['(a+)+$', '(a|a)*$', '(.*a){20}$']) {
      const { refusals } = resolveParameters(playbook([{ name: 'p', pattern }]), given(`${'a'.repeat(1000)}!`));
      assert.equal(refusals.length, 1);
    }
  });
});

describe('A step that is filled in', () => {
  const fill = (command: string[], values: Record<string, string>) =>
    fillSteps([{ name: 'one', command, env: [{ name: 'V', value: '<$(params.a)>' }] }], new Map(Object.entries(values)))[0];

  const rows: Record<string, { value: string; argument: string }> = {
    'keeps blanks and quotes inside of one argument': { value: `a b' "c" ; rm -rf /`, argument: `x/a b' "c" ; rm -rf //y` },
    'fills in nothing twice': { value: '$(params.a)', argument: 'x/$(params.a)/y' },
    'knows no patterns of replacement': { value: "$& $1 $$ $'", argument: "x/$& $1 $$ $'/y" },
  };
  for (const [name, { value, argument }] of Object.entries(rows)) {
    it(name, () => {
      const step = fill(['kubectl', 'x/$(params.a)/y', 'z'], { a: value });
      assert.deepEqual(step?.command, ['kubectl', argument, 'z']);
      assert.deepEqual(step?.env, [{ name: 'V', value: `<${value}>` }]);
    });
  }

  it('fills every place, and leaves empty what has no value', () => {
    assert.deepEqual(fill(['$(params.a)$(params.a)', '$(params.b)'], { a: '1' })?.command, ['11', '']);
  });
});

describe('A Playbook', () => {
  const rows: Record<string, { command: string[]; env?: { name: string; value: string }[]; fault: RegExp | undefined }> = {
    'may put a parameter into an argument': { command: ['kubectl', 'get', 'deployment/$(params.p)'], fault: undefined },
    'may give a parameter to a shell as a variable': {
      command: ['sh', '-c', 'echo "$P"'],
      env: [{ name: 'P', value: '$(params.p)' }],
      fault: undefined,
    },
    'may not name a parameter that is not declared': { command: ['kubectl', '$(params.q)'], fault: /'q', which is not declared/ },
    'may not name one in a variable either': {
      command: ['true'],
      env: [{ name: 'P', value: '$(params.q)' }],
      fault: /'q', which is not declared/,
    },
    'may not misspell a reference': { command: ['kubectl', '$(params.p_1)'], fault: /'p_1', which is not declared/ },
    'may not leave a reference open': {
      command: ['kubectl', '$(params.p'.concat('x y')],
      fault: /'px y', which is not declared/,
    },
    'may not name its program by a parameter': { command: ['$(params.p)'], fault: /must name its program itself/ },
    'may not put one into a shell': { command: ['sh', '-c', 'echo $(params.p)'], fault: /'sh', which may execute it/ },
    'may not put one into a shell by its path': { command: ['/bin/bash', '-c', '$(params.p)'], fault: /which may execute it/ },
    'may not put one into a shell behind something else': {
      command: ['timeout', '5', 'sh', '-c', 'x $(params.p)'],
      fault: /'sh', which may execute it/,
    },
    'may not put one into an interpreter with a version': { command: ['python3.12', '-c', '$(params.p)'], fault: /python3.12/ },
    'may not put one into a client of a database': {
      command: ['psql', '-c', '$(params.p)'],
      fault: /'psql', which may execute it/,
    },
    'may not put one into another name of an interpreter': { command: ['nodejs', '-e', '$(params.p)'], fault: /'nodejs'/ },
    'may not put one into another implementation of it': { command: ['pypy-3.10', '-c', '$(params.p)'], fault: /'pypy-3.10'/ },
    'may not put one into an editor': { command: ['vim', '-c', '$(params.p)'], fault: /'vim'/ },
    'may not put one into a command on another host': { command: ['ssh', 'host', '$(params.p)'], fault: /'ssh'/ },
    'may not put one into a variable of make': { command: ['make', 'A=$(params.p)'], fault: /'make'/ },
    'may choose by one what is tested': { command: ['pytest', '$(params.p)'], fault: undefined },
    'may not put one behind env': { command: ['env', 'A=$(params.p)', 'true'], fault: /'env', which may execute it/ },
  };
  for (const [name, { command, env, fault }] of Object.entries(rows)) {
    it(name, () => {
      const faults = playbookFaults(playbook([{ name: 'p' }], command, env));
      if (fault) assert.match(faults.join('; '), fault);
      else assert.deepEqual(faults, []);
    });
  }

  it('must have patterns that RE2 knows', () => {
    assert.deepEqual(playbookFaults(playbook([{ name: 'p', pattern: '(?=a)' }])), [
      '`parameters[p].pattern` must be an RE2 expression',
    ]);
  });

  it('is checked in its verification as well', () => {
    const base = playbook([{ name: 'p' }]);
    const faults = playbookFaults({ ...base, verify: [{ name: 'v', command: ['sh', '-c', '$(params.p)'] }] });
    assert.match(faults.join('; '), /step 'v' must not put a parameter/);
  });
});
