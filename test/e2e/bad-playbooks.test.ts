import { before, describe } from 'node:test';
import { changing, itRefuses, makeSpaces, playbook, type Row, step } from '../lib/worlds/wrong-objects.ts';

// Playbooks that their schemas refuse.

before(makeSpaces);

describe('A wrong Playbook', { concurrency: true }, () =>
  itRefuses([
    ['has no steps', 'Playbook', playbook({ steps: [] }), 'spec.steps in body should have at least 1 items'],
    [
      'has an empty command',
      'Playbook',
      playbook({ steps: [{ name: 'a', command: [] }] }),
      'spec.steps[0].command in body should have at least 1 items',
    ],
    [
      'has a command that is a line',
      'Playbook',
      playbook({ steps: [{ name: 'a', command: 'ls' }] }),
      'spec.steps[0].command in body must be of type array: "string"',
    ],
    [
      'has a step twice',
      'Playbook',
      playbook({
        steps: [
          { name: 'a', command: ['ls'] },
          { name: 'a', command: ['ls'] },
        ],
      }),
      'spec.steps[1]: Duplicate value: {"name":"a"}',
    ],
    [
      'has 17 steps',
      'Playbook',
      playbook({ steps: Array.from({ length: 17 }, (_, index) => ({ name: `s${index}`, command: ['ls'] })) }),
      'spec.steps: Too many: 17: must have at most 16 items',
    ],
    [
      'has a bad name of a step',
      'Playbook',
      playbook({ steps: [{ name: 'A b', command: ['ls'] }] }),
      /spec\.steps\[0\]\.name: Invalid value: .*should match/,
    ],
    [
      'has a parameter that is required and has a default',
      'Playbook',
      playbook({ parameters: [{ name: 'a', required: true, default: 'x' }] }),
      '`default` must not be set for a required parameter',
    ],
    [
      'has a smallest number for a text',
      'Playbook',
      playbook({ parameters: [{ name: 'a', min: 1 }] }),
      '`min` and `max` are for the type Integer',
    ],
    [
      'has a smallest number that is above the largest one',
      'Playbook',
      playbook({ parameters: [{ name: 'a', type: 'Integer', min: 3, max: 2 }] }),
      '`min` must not be above `max`',
    ],
    [
      'changes and has no rollback',
      'Playbook',
      changing(),
      "`rollback` must say how a change is rolled back (from: 'PreImages' or 'None' with a reason)",
    ],
    [
      'has no rollback and no reason',
      'Playbook',
      changing({ rollback: { from: 'None' } }),
      '`reason` must say why there is no rollback',
    ],
    ['has steps as rollback', 'Playbook', changing({ rollback: { from: 'Steps' } }), "'Steps' is not supported yet"],
    [
      'reads and verifies',
      'Playbook',
      playbook({ verify: [{ name: 'a', command: ['ls'] }] }),
      "`verify` may only be set for the profile 'Change': a run that only reads has nothing to verify",
    ],
    ['is more than autonomous', 'Playbook', playbook({ autonomy: 'Always' }), /spec\.autonomy: Unsupported value: "Always"/],
    [
      'has a workspace',
      'Playbook',
      playbook({ sandbox: { profile: 'Workspace', image: 'x' } }),
      "'Workspace' is not supported yet",
    ],
    [
      'waits for an invalid time',
      'Playbook',
      changing({ rollback: { from: 'PreImages' }, verifyAfter: '1 hour' }),
      /spec\.verifyAfter: Invalid value: .*should match/,
    ],
    [
      'waits for no time',
      'Playbook',
      changing({ rollback: { from: 'PreImages' }, verifyAfter: '0s' }),
      /spec\.verifyAfter: Invalid value: .*should match/,
    ],
    ['has a bad account', 'Playbook', playbook({ account: 'a:b' }), /spec\.account: Invalid value: .*should match/],
    [
      'has memory without a unit',
      'Playbook',
      playbook({ sandbox: { profile: 'Observe', image: 'x', resources: { memory: '5' } } }),
      /spec\.sandbox\.resources\.memory: Invalid value: .*should match/,
    ],
    [
      'has a pattern that is not RE2',
      'Playbook',
      playbook({ parameters: [{ name: 'a', pattern: '(?=x)' }] }),
      '`parameters[a].pattern` must be an RE2 expression',
    ],
    [
      'has a pattern with a reference back',
      'Playbook',
      playbook({ parameters: [{ name: 'a', pattern: '(a)\\1' }] }),
      '`parameters[a].pattern` must be an RE2 expression',
    ],
    [
      'names a parameter that is not declared',
      'Playbook',
      playbook(step('ls', '$(params.other)')),
      "step 'one' names the parameter 'other', which is not declared",
    ],
    [
      'has its program from a parameter',
      'Playbook',
      playbook(step('$(params.what)')),
      "step 'one' must name its program itself, not by a parameter",
    ],
    ...['sh', '/bin/bash', 'python3', 'env', 'xargs', 'awk'].map(
      (program): Row => [
        `puts a parameter into an argument of ${program}`,
        'Playbook',
        playbook(step(program, '-c', 'echo $(params.what)')),
        `step 'one' must not put a parameter into an argument of '${program}', which may execute it; pass it as an environment variable`,
      ],
    ),
    ...[['timeout', '5', 'sh'], ['nice', 'bash'], ['python3.12']].map(
      (program): Row => [
        `puts a parameter into an argument of ${program.join(' ')}`,
        'Playbook',
        playbook(step(...program, '-c', 'echo $(params.what)')),
        /step 'one' must not put a parameter into an argument of/,
      ],
    ),
  ]),
);
