import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { remedyOf } from '@sentinel/policy';
import {
  action,
  address,
  bases,
  type Connection,
  connection,
  create,
  filled,
  intent,
  itRefuses,
  makeSpaces,
  namespace,
  object,
  type Row,
  refused,
  without,
} from '../lib/worlds/wrong-objects.ts';

// Actions that policy refuses, and objects that no kind could describe.

let stranger: Connection;
before(async () => {
  stranger = await makeSpaces();
});

const rows: readonly Row[] = [
  [
    'claims another environment',
    'AgentAction',
    action({ target: { environment: 'production' } }),
    `the action claims the environment 'production', but the namespace is 'staging' (Sentinel: environment). ${remedyOf('EnvironmentMismatch')}`,
  ],
  [
    'has a Playbook that does not exist',
    'AgentAction',
    { intent, playbookRef: { name: 'none' } },
    `there is no Playbook 'none' in this namespace (Sentinel: playbook). ${remedyOf('PlaybookNotFound')}`,
  ],
  [
    'has a Playbook that nobody trusts',
    'AgentAction',
    action({ playbookRef: { name: 'look' } }),
    `the Playbook is not trusted: nobody has sealed its digest (AgentPolicy/policy: playbooks.trustedOnly). ${remedyOf('PlaybookNotTrusted')}`,
  ],
  [
    'is in a namespace that has not opted in',
    'AgentAction',
    action(),
    `namespace '${without.optIn}' has not opted in (Sentinel: opt-in). ${remedyOf('NamespaceNotEnabled')}`,
    { space: without.optIn },
  ],
  [
    'is in a namespace without a policy',
    'AgentAction',
    action(),
    new RegExp(
      `no AgentPolicy in namespace '${without.policy}' applies to '[^']+': there is none \\(Sentinel: policy\\)\\. ${remedyOf('NamespacePolicyMissing')}`,
    ),
    { space: without.policy },
  ],
  [
    'is covered by a suspended policy',
    'AgentAction',
    action(),
    `the kill switch is on (AgentPolicy/policy: suspended). ${remedyOf('PolicySuspended')}`,
    { space: without.start },
  ],
  [
    'wants a mode that is not allowed',
    'AgentAction',
    action(),
    `mode 'Apply' is not allowed; allowed: DryRun (AgentPolicy/policy: modes). ${remedyOf('ModeNotAllowed')}`,
    { space: without.start },
  ],
  [
    'is in an environment that is not allowed',
    'AgentAction',
    action(),
    `environment 'production' is not allowed; allowed: staging (AgentPolicy/policy: environments). ${remedyOf('EnvironmentNotAllowed')}`,
    { space: without.start },
  ],
  [
    'has a Playbook that is not allowed',
    'AgentAction',
    action(),
    `Playbook 'trusted' is not allowed; allowed: other (AgentPolicy/policy: playbooks.allow). ${remedyOf('PlaybookNotAllowed')}`,
    { space: without.start },
  ],
  [
    'wants to apply what is for rehearsals',
    'AgentAction',
    { intent, playbookRef: { name: 'observes' } },
    `the Playbook is for rehearsals only (autonomy 'Observe') (Playbook/observes: autonomy). ${remedyOf('PlaybookObservesOnly')}`,
  ],
  [
    'has a parameter that is not declared',
    'AgentAction',
    filled('x', 'other'),
    `parameter 'other' is not declared; declared: any, whole, truth, word, choice (Playbook: parameters[other]). ${remedyOf('ParameterNotDeclared')}`,
  ],
  [
    'leaves out a required parameter',
    'AgentAction',
    { intent, playbookRef: { name: 'needs' } },
    `parameter 'image' is required (Playbook: parameters[image]). ${remedyOf('ParameterRequired')}`,
  ],
  [
    "has a value that begins with '-'",
    'AgentAction',
    filled('--kubeconfig=/x'),
    "parameter 'any' must not begin with '-': it would be read as an option (Playbook: parameters[any]).",
  ],
  [
    'has a value with a NUL',
    'AgentAction',
    filled('a\u0000b'),
    "parameter 'any' must not hold a NUL character (Playbook: parameters[any]).",
  ],
  ['has an invalid number', 'AgentAction', filled('1e3', 'whole'), "parameter 'whole' must be a whole number, not '1e3'"],
  [
    'has a number of full-width digits',
    'AgentAction',
    filled('\uff11', 'whole'),
    "parameter 'whole' must be a whole number, not '\uff11'",
  ],
  [
    'has a number that JSON would round',
    'AgentAction',
    filled('9007199254740993', 'whole'),
    "parameter 'whole' must be a whole number",
  ],
  ['has an invalid truth', 'AgentAction', filled('True', 'truth'), "parameter 'truth' must be 'true' or 'false', not 'True'"],
  ['has a second line behind what matches', 'AgentAction', filled('abc\n', 'word'), "parameter 'word' must match '[a-z]+'"],
  ['has a letter that looks Latin', 'AgentAction', filled('\u0430bc', 'word'), "parameter 'word' must match '[a-z]+'"],
  ['has an invalid choice', 'AgentAction', filled('green', 'choice'), "parameter 'choice' must be one of 'red', 'blue'"],
];

describe('A wrong object', { concurrency: true }, () => {
  itRefuses(rows);

  it('is refused: AgentAction of somebody without the right to use the account', async () => {
    refused(
      await create('AgentAction', action(), { as: stranger }),
      `the requester needs the verb 'use' on accounts.sentinel.dev/reader and does not hold it (RBAC: use). ${remedyOf('AccountNotAllowed')}`,
    );
  });

  it('is refused: an object of more than three megabytes', async () => {
    const { code, message } = await create('AgentAction', action({ intent: { ...intent, prompt: 'x'.repeat(3_200_000) } }));
    assert.equal(code, 413, message);
    assert.match(message, /Request entity too large: limit is 3145728/);
  });

  it('is refused: an object nested too deeply', async () => {
    const deep = `${'{"a":'.repeat(11_000)}1${'}'.repeat(11_000)}`;
    const text = JSON.stringify(object('AgentAction', action())).replace('"summary":"A bad one"', `"summary":"x","deep":${deep}`);
    const answer = await connection.send('POST', `${address('AgentAction', namespace)}?dryRun=All&fieldValidation=Strict`, text);
    refused(answer, /exceeded max depth/);
  });

  it('is refused: a key that comes twice', async () => {
    const text = JSON.stringify(object('AgentAction', action())).replace('"spec":{', '"spec":{"mode":"DryRun","mode":"Apply",');
    const answer = await connection.send('POST', `${address('AgentAction', namespace)}?dryRun=All&fieldValidation=Strict`, text);
    refused(answer, 'duplicate field "spec.mode"');
  });

  it('is not what the others are measured by: the plain one is accepted', async () => {
    for (const [kind, spec] of Object.entries(bases)) {
      const { code, message } = await create(kind, spec);
      assert.equal(code, 201, message);
    }
  });

  it('lists every reason at once, not only the first', async () => {
    const { message } = await create('AgentAction', action({ target: { environment: 'staging' } }), { space: without.start });
    for (const rule of ['suspended', 'modes', 'environments', 'playbooks.allow'])
      assert.ok(message.includes(`(AgentPolicy/policy: ${rule})`), message);
    assert.match(message, /\(Sentinel: environment\)/);
  });
});
