import { before, describe } from 'node:test';
import {
  action,
  changing,
  filled,
  intent,
  itRefuses,
  makeSpaces,
  playbook,
  type Row,
  step,
} from '../lib/worlds/wrong-objects.ts';

// Actions and Playbooks that their schemas refuse.

before(makeSpaces);

describe('A wrong action', { concurrency: true }, () =>
  itRefuses([
    ['names no Playbook', 'AgentAction', { intent }, '`playbookRef` must name the Playbook to run'],
    ['has no intent', 'AgentAction', { playbookRef: { name: 'look' } }, 'spec.intent: Required value'],
    [
      'has an empty summary',
      'AgentAction',
      action({ intent: { summary: '' } }),
      'spec.intent.summary in body should be at least 1 chars long',
    ],
    [
      'has a summary of 513 characters',
      'AgentAction',
      action({ intent: { summary: 'x'.repeat(513) } }),
      'spec.intent.summary: Too long: may not be more than 512',
    ],
    [
      'has a prompt of 16385 characters',
      'AgentAction',
      action({ intent: { ...intent, prompt: 'x'.repeat(16385) } }),
      'spec.intent.prompt: Too long: may not be more than 16384',
    ],
    [
      'has 17 references',
      'AgentAction',
      action({ intent: { ...intent, references: Array(17).fill('x') } }),
      'spec.intent.references: Too many: 17: must have at most 16 items',
    ],
    [
      'has thousands of empty references, with which the API server would be busy',
      'AgentAction',
      action({ intent: { ...intent, references: Array(3_900).fill('') } }),
      'the spec violates its schema in 64 places or more, the first of them is spec.intent.references: correct it',
    ],
    [
      'has an invalid trace context',
      'AgentAction',
      action({ intent: { ...intent, traceparent: '00-x' } }),
      /spec\.intent\.traceparent: Invalid value: .*should match/,
    ],
    [
      'has 33 parameters',
      'AgentAction',
      action({ parameters: Array.from({ length: 33 }, (_, index) => ({ name: `p${index}`, value: 'x' })) }),
      'spec.parameters: Too many: 33: must have at most 32 items',
    ],
    [
      'has a parameter twice',
      'AgentAction',
      action({ parameters: ['1', '2'].map((value) => ({ name: 'any', value })) }),
      'spec.parameters[1]: Duplicate value: {"name":"any"}',
    ],
    [
      'has a value of 1025 characters',
      'AgentAction',
      filled('x'.repeat(1025)),
      'spec.parameters[0].value: Too long: may not be more than 1024',
    ],
    [
      'has a value that is a number',
      'AgentAction',
      action({ parameters: [{ name: 'whole', value: 7 }] }),
      'spec.parameters[0].value in body must be of type string: "integer"',
    ],
    [
      'has a mode that does not exist',
      'AgentAction',
      action({ mode: 'Force' }),
      'spec.mode: Unsupported value: "Force": supported values: "Apply", "DryRun"',
    ],
    ['has a field that does not exist', 'AgentAction', action({ approved: true }), 'unknown field "spec.approved"'],
    [
      'has a field with a capital letter',
      'AgentAction',
      action({ PlaybookRef: { name: 'look' } }),
      'unknown field "spec.PlaybookRef"',
    ],
    [
      'has a Playbook of another namespace',
      'AgentAction',
      { intent, playbookRef: { name: 'look', namespace: 'default' } },
      'unknown field "spec.playbookRef.namespace"',
    ],
    [
      'has a path as name of its Playbook',
      'AgentAction',
      { intent, playbookRef: { name: '../look' } },
      /spec\.playbookRef\.name: Invalid value: .*should match/,
    ],
    [
      'has a name of a Playbook with a zero-width space',
      'AgentAction',
      { intent, playbookRef: { name: 'lo\u200bok' } },
      /spec\.playbookRef\.name: Invalid value: .*should match/,
    ],
    [
      'has a name of 101 characters',
      'AgentAction',
      action(),
      '`metadata.name` must be at most 100 characters',
      { name: 'x'.repeat(101) },
    ],
    [
      'has a name with a capital letter',
      'AgentAction',
      action(),
      'a lowercase RFC 1123 subdomain must consist of',
      { name: 'Look' },
    ],
    [
      'has a name with a letter that looks Latin',
      'AgentAction',
      action(),
      'a lowercase RFC 1123 subdomain must consist of',
      { name: 'lo\u043ek' },
    ],
    [
      'says neither what nor which',
      'AgentAction',
      { intent },
      'either `playbookRef` must name the Playbook to run, or `steps` must say',
    ],
    [
      'checks what a Playbook does',
      'AgentAction',
      action({ verify: [{ name: 'a', command: ['true'] }] }),
      '`verify`, `account` and `image` go with `steps`: a Playbook brings its own',
    ],
    [
      'has no step',
      'AgentAction',
      { intent, steps: [], account: 'reader', image: 'x' },
      'spec.steps in body should have at least 1 items',
    ],
    [
      'says more than can be ended',
      'AgentAction',
      {
        intent,
        steps: Array.from({ length: 16 }, (_, index) => ({
          name: `s${index}`,
          command: ['echo', 'x'.repeat(4096), 'y'.repeat(1024)],
        })),
        account: 'reader',
        image: 'x',
      },
      /the commands of an action may have at most 65536 characters together|ad-hoc steps are not allowed/,
    ],
  ]),
);

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
        `step 'one' must not put a parameter into an argument of '${program}', which executes it; pass it as an environment variable`,
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
