import { before, describe } from 'node:test';
import { action, filled, intent, itRefuses, makeSpaces } from '../lib/worlds/wrong-objects.ts';

// Actions that their schemas refuse.

before(makeSpaces);

describe('A wrong action', { concurrency: true }, () =>
  itRefuses([
    ['names no Playbook', 'AgentAction', { intent }, 'exactly one is required: `playbookRef`'],
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
    ['says neither what nor which', 'AgentAction', { intent }, 'exactly one is required: `playbookRef`'],
    [
      'checks what a Playbook does',
      'AgentAction',
      action({ verify: [{ name: 'a', command: ['true'] }] }),
      '`verify` and `image` go with `steps`',
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
