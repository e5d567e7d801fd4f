import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { before, describe, it } from 'node:test';
import { API_VERSION, kinds } from '@sentinel/crds';
import { z } from 'zod';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';

// Wrong objects of every kind, each sent to the API server as a creation that is a dry-run: what is refused and in which words.
// They are many, so they go over one connection instead of one kubectl each.

const suffix = randomBytes(3).toString('hex');
const namespace = `input-${suffix}`;
const without = { optIn: `${namespace}-out`, policy: `${namespace}-bare`, start: `${namespace}-stop` };

type Json = Record<string, unknown>;
interface Answer {
  readonly code: number;
  readonly message: string;
  readonly body: Json;
}

class Connection {
  readonly #server: string;
  readonly #agent: Agent;

  constructor({ kubeconfig }: Person) {
    const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: Record<string, string> }[];
    };
    const file = (name: string | undefined) => readFileSync(name ?? '');
    const cluster = clusters[0]?.cluster ?? {};
    const user = users[0]?.user ?? {};
    this.#server = cluster.server ?? '';
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 4,
      ca: file(cluster['certificate-authority']),
      cert: file(user['client-certificate']),
      key: file(user['client-key']),
    });
  }

  send(method: string, path: string, text?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': type, accept: 'application/json' };
      const call = request(`${this.#server}${path}`, { method, agent: this.#agent, headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('end', () => {
          const body = (answer.startsWith('{') ? JSON.parse(answer) : { message: answer }) as Json;
          resolve({ code: response.statusCode ?? 0, message: String(body.message ?? ''), body });
        });
      });
      call.on('error', reject);
      call.end(text);
    });
  }
}

const connection = new Connection(admin);
let stranger: Connection;

const definition = (kind: string) => kinds.find((one) => one.kind === kind) ?? assert.fail(kind);

function address(kind: string, space: string): string {
  const { plural, namespaced } = definition(kind);
  return `/apis/${API_VERSION}/${namespaced ? `namespaces/${space}/` : ''}${plural}`;
}

const object = (kind: string, spec: unknown, name = `x-${suffix}`) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name },
  spec,
});

function create(kind: string, spec: unknown, options: { name?: string; space?: string; as?: Connection } = {}): Promise<Answer> {
  const path = `${address(kind, options.space ?? namespace)}?dryRun=All&fieldValidation=Strict`;
  return (options.as ?? connection).send('POST', path, JSON.stringify(object(kind, spec, options.name)));
}

async function keep(path: string, body: unknown): Promise<void> {
  const { code, message } = await connection.send('POST', path, JSON.stringify(body));
  assert.ok(code < 300, message);
}

function refused({ code, message }: Answer, expected: string | RegExp): void {
  assert.ok(code >= 400, `it was not refused: ${code}`);
  if (typeof expected === 'string') assert.ok(message.includes(expected), `${message}\ndoes not say: ${expected}`);
  else assert.match(message, expected);
}

const intent = { summary: 'A bad one' };
const action = (more: Json = {}): Json => ({ intent, playbookRef: { name: 'trusted' }, ...more });
const playbook = (more: Json = {}): Json => ({
  category: 'Other',
  description: 'Looks.',
  account: 'reader',
  sandbox: { profile: 'Observe', image: 'localhost/tools:1' },
  steps: [{ name: 'look', command: ['kubectl', 'get', 'pods'] }],
  ...more,
});
const step = (...command: string[]) => ({ steps: [{ name: 'one', command }], parameters: [{ name: 'what' }] });
const changing = (more: Json = {}) => playbook({ sandbox: { profile: 'Change', image: 'localhost/tools:1' }, ...more });
const filled = (value: string, name = 'any') => action({ playbookRef: { name: 'look' }, parameters: [{ name, value }] });
const bases: Readonly<Record<string, Json>> = {
  AgentAction: action(),
  Playbook: playbook(),
  AgentPolicy: {},
  ClusterAgentPolicy: {},
};

const parameters = [
  { name: 'any' },
  { name: 'whole', type: 'Integer' },
  { name: 'truth', type: 'Boolean' },
  { name: 'word', pattern: '[a-z]+' },
  { name: 'choice', enum: ['red', 'blue'] },
];

before(async () => {
  stranger = new Connection(await person('ida', []));
  const space = (name: string, labels: Json) => keep('/api/v1/namespaces', { metadata: { name, labels } });
  const enabled = { 'sentinel.dev/enabled': 'true', 'sentinel.dev/environment': 'staging' };
  await Promise.all([
    space(namespace, enabled),
    space(without.optIn, {}),
    space(without.policy, enabled),
    space(without.start, { ...enabled, 'sentinel.dev/environment': 'production' }),
  ]);
  const policy = (spec: Json) => object('AgentPolicy', spec, 'policy');
  const book = (name: string, more: Json = {}) => object('Playbook', playbook(more), name);
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const bind = (name: string, role: string) =>
    keep(`${rbac}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    });
  await Promise.all([
    keep(address('AgentPolicy', namespace), policy({ modes: ['DryRun', 'Apply'] })),
    keep(
      address('AgentPolicy', without.start),
      policy({ suspended: true, modes: ['DryRun'], environments: { allow: ['staging'] }, playbooks: { allow: ['other'] } }),
    ),
    keep(address('Playbook', namespace), book('look', { parameters })),
    keep(address('Playbook', namespace), book('trusted', { parameters })),
    keep(address('Playbook', namespace), book('needs', { parameters: [{ name: 'image', required: true }] })),
    keep(
      address('Playbook', namespace),
      object('Playbook', changing({ autonomy: 'Observe', rollback: { from: 'PreImages' } }), 'observes'),
    ),
    bind('ida', 'sentinel-agent'),
    bind('ivy', 'sentinel-truster'),
  ]);
  const truster = new Connection(await person('ivy', []));
  const path = `${address('Playbook', namespace)}/trusted`;
  await eventually('trust', async () => {
    const { status } = (await connection.send('GET', path)).body as { status?: { digest?: string } };
    const annotations = { 'sentinel.dev/trust': status?.digest ?? '' };
    const asked = `${path}?fieldManager=${encodeURIComponent(`trust:${status?.digest}`)}`;
    const { code, message } = await truster.send('PATCH', asked, JSON.stringify({ metadata: { annotations } }));
    if (code !== 200) throw new Error(message);
    return true;
  });
});

type Row = readonly [
  what: string,
  kind: string,
  spec: unknown,
  message: string | RegExp,
  options?: { name?: string; space?: string },
];

const rows: readonly Row[] = [
  // AgentAction: what the schema says.
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
    'has a trace context that is none',
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
    action({
      parameters: [
        { name: 'any', value: '1' },
        { name: 'any', value: '2' },
      ],
    }),
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
  // AgentAction: what policy says.
  [
    'claims another environment',
    'AgentAction',
    action({ target: { environment: 'production' } }),
    "the action claims the environment 'production', but the namespace is 'staging' (Sentinel: environment). Correct `spec.target.environment` or leave it out.",
  ],
  [
    'has a Playbook that does not exist',
    'AgentAction',
    { intent, playbookRef: { name: 'none' } },
    "there is no Playbook 'none' in this namespace (Sentinel: playbook). Name one that exists: kubectl get playbooks",
  ],
  [
    'has a Playbook that nobody trusts',
    'AgentAction',
    action({ playbookRef: { name: 'look' } }),
    'the Playbook is not trusted: nobody has sealed its digest (AgentPolicy/policy: playbooks.trustedOnly). Someone with the verb `trust` who did not write it runs: kubectl sentinel trust look',
  ],
  [
    'is in a namespace that has not opted in',
    'AgentAction',
    action(),
    `namespace '${without.optIn}' has not opted in (Sentinel: opt-in). An admin of the cluster opts it in with: kubectl label namespace ${without.optIn} sentinel.dev/enabled=true`,
    { space: without.optIn },
  ],
  [
    'is in a namespace without a policy',
    'AgentAction',
    action(),
    new RegExp(
      `no AgentPolicy in namespace '${without.policy}' speaks of '[^']+': there is none \\(Sentinel: policy\\)\\. An admin creates one there: without a policy of the namespace nothing runs\\.`,
    ),
    { space: without.policy },
  ],
  [
    'is covered by a suspended policy',
    'AgentAction',
    action(),
    'new actions are suspended (AgentPolicy/policy: suspended). An admin lifts it by setting `suspended` to false.',
    { space: without.start },
  ],
  [
    'wants a mode that is not allowed',
    'AgentAction',
    action(),
    "mode 'Apply' is not allowed (AgentPolicy/policy: modes). Allowed: DryRun.",
    { space: without.start },
  ],
  [
    'is in an environment that is not allowed',
    'AgentAction',
    action(),
    "environment 'production' is not allowed (AgentPolicy/policy: environments). Allowed: staging.",
    { space: without.start },
  ],
  [
    'has a Playbook that is not allowed',
    'AgentAction',
    action(),
    "Playbook 'trusted' is not allowed (AgentPolicy/policy: playbooks.allow). Allowed: other.",
    { space: without.start },
  ],
  [
    'wants to apply what is for rehearsals',
    'AgentAction',
    { intent, playbookRef: { name: 'observes' } },
    "the Playbook is for rehearsals only (autonomy 'Observe') (Playbook/observes: autonomy). File the action with mode 'DryRun'.",
  ],
  [
    'has a parameter that is not declared',
    'AgentAction',
    filled('x', 'other'),
    "parameter 'other' is not declared (Playbook: parameters[other]). Declared are: any, whole, truth, word, choice.",
  ],
  [
    'leaves out a required parameter',
    'AgentAction',
    { intent, playbookRef: { name: 'needs' } },
    "parameter 'image' is required (Playbook: parameters[image]). Give it a value in `spec.parameters`.",
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
  ['has a number that is none', 'AgentAction', filled('1e3', 'whole'), "parameter 'whole' must be a whole number, not '1e3'"],
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
  ['has a truth that is none', 'AgentAction', filled('True', 'truth'), "parameter 'truth' must be 'true' or 'false', not 'True'"],
  ['has a second line behind what matches', 'AgentAction', filled('abc\n', 'word'), "parameter 'word' must match '[a-z]+'"],
  ['has a letter that looks Latin', 'AgentAction', filled('\u0430bc', 'word'), "parameter 'word' must match '[a-z]+'"],
  ['has a choice that is none', 'AgentAction', filled('green', 'choice'), "parameter 'choice' must be one of 'red', 'blue'"],
  // Playbook.
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
    'says more than can be brought to an end',
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
    /the commands of an action may have at most 65536 characters together|may not bring its own steps/,
  ],
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
    'changes and has no way back',
    'Playbook',
    changing(),
    "`rollback` must say how a change is taken back (from: 'PreImages' or 'None' with a reason)",
  ],
  [
    'has no way back and no reason',
    'Playbook',
    changing({ rollback: { from: 'None' } }),
    '`reason` must say why there is no way back',
  ],
  ['has steps as way back', 'Playbook', changing({ rollback: { from: 'Steps' } }), "'Steps' is not supported yet"],
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
    'waits for a time that is none',
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
  // Policies.
  ...['AgentPolicy', 'ClusterAgentPolicy'].flatMap((kind): Row[] => [
    [
      'has a namespace for a user',
      kind,
      { subjects: [{ kind: 'User', name: 'ada', namespace: 'x' }] },
      /may only be set for the kind 'ServiceAccount'/,
    ],
    [
      'has a subject of a kind that does not exist',
      kind,
      { subjects: [{ kind: 'Robot', name: 'x' }] },
      'spec.subjects[0].kind: Unsupported value: "Robot"',
    ],
    ['has a mode that does not exist', kind, { modes: ['Force'] }, 'spec.modes[0]: Unsupported value: "Force"'],
    ['has a mode twice', kind, { modes: ['Apply', 'Apply'] }, 'spec.modes'],
    [
      'has no approval',
      kind,
      { approvals: [{ upToRisk: 'Low', approvals: 0 }] },
      'spec.approvals[0].approvals in body should be greater than or equal to 1',
    ],
    ['has an approval without a risk', kind, { approvals: [{}] }, 'spec.approvals[0].upToRisk: Required value'],
    [
      'has an approval for a time that is none',
      kind,
      { approvals: [{ upToRisk: 'Low', expiresAfter: '4 h' }] },
      /spec\.approvals\[0\]\.expiresAfter: Invalid value: .*should match/,
    ],
    [
      'has an approval for a time that is below zero',
      kind,
      { approvals: [{ upToRisk: 'Low', expiresAfter: '-4h' }] },
      /spec\.approvals\[0\]\.expiresAfter: Invalid value: .*should match/,
    ],
    [
      'has nine lines of approvals',
      kind,
      { approvals: Array(9).fill({ upToRisk: 'Low' }) },
      'spec.approvals: Too many: 9: must have at most 8 items',
    ],
    [
      'has a rule without a decision',
      kind,
      { kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
      'spec.kubernetes[0].decision: Required value',
    ],
    [
      'has a rule for a verb that does not exist',
      kind,
      { kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: ['exec'], decision: 'Allow' }] },
      'spec.kubernetes[0].verbs[0]: Unsupported value: "exec"',
    ],
    [
      'has a rule for no resource',
      kind,
      { kubernetes: [{ apiGroups: [''], resources: [], verbs: ['get'], decision: 'Allow' }] },
      'spec.kubernetes[0].resources in body should have at least 1 items',
    ],
    [
      'has a limit of 501 objects',
      kind,
      { limits: { objects: 501 } },
      'spec.limits.objects in body should be less than or equal to 500',
    ],
    [
      'has an example that its rule does not match',
      kind,
      { commands: [{ prefix: ['kubectl', 'delete'], decision: 'Deny', match: ['kubectl get pods'] }] },
      /`commands\[0\]\.match\[0\]`.*'kubectl get pods'/,
    ],
    [
      'has an example that its rule matches and should not',
      kind,
      { commands: [{ prefix: ['kubectl', 'get|delete'], decision: 'Deny', notMatch: ['kubectl -n x delete pod y'] }] },
      /`commands\[0\]\.notMatch\[0\]`.*'kubectl -n x delete pod y'/,
    ],
    [
      'has an empty alternative',
      kind,
      { commands: [{ prefix: ['kubectl', 'get||delete'], decision: 'Deny' }] },
      /`commands\[0\]\.prefix\[1\]` must not have an empty alternative/,
    ],
    [
      'covers a public suffix',
      kind,
      { network: { allow: ['*.co.uk'] } },
      /`network\.allow\[0\]`: '\*\.co\.uk' would cover everything/,
    ],
    [
      'has a freeze that never comes',
      kind,
      { freeze: [{ schedule: '0 0 30 2 *', duration: '1h', reason: 'x' }] },
      /`freeze\[0\]\.schedule`: '0 0 30 2 \*' never comes/,
    ],
    [
      'has a freeze in a zone that does not exist',
      kind,
      { freeze: [{ schedule: '0 0 * * *', timeZone: 'Moon/Base', duration: '1h', reason: 'x' }] },
      /`freeze\[0\]\.schedule`: .*Moon\/Base/,
    ],
    [
      'has a rule of high risk that does nothing',
      kind,
      { highRisk: [{ apiGroups: ['apps'], resources: ['deployments'] }] },
      'a rule must raise the risk (`raiseTo`) or refuse',
    ],
    [
      'wants less than no run to succeed first',
      kind,
      { approvals: [{ upToRisk: 'Low', autoReview: true, autoReviewAfter: -1 }] },
      /spec\.approvals\[0\]\.autoReviewAfter.*should be greater than or equal to 0/,
    ],
    [
      'thinks that steps may be',
      kind,
      { playbooks: { adHocSteps: 'Maybe' } },
      /spec\.playbooks\.adHocSteps: Unsupported value: "Maybe"/,
    ],
    ['has families of depth eleven', kind, { limits: { depth: 11 } }, /spec\.limits\.depth.*should be less than or equal to 10/],
    [
      'keeps half of a prompt',
      kind,
      { dataHandling: { prompts: 'Half' } },
      /spec\.dataHandling\.prompts: Unsupported value: "Half"/,
    ],
    [
      'keeps something for a while',
      kind,
      { dataHandling: { retainFor: 'long' } },
      /spec\.dataHandling\.retainFor: Invalid value: .*should match/,
    ],
    [
      'has a pattern of secrets that RE2 does not take',
      kind,
      { dataHandling: { redact: { patterns: ['(?=a)'] } } },
      /`dataHandling\.redact\.patterns\[0\]`: '\(\?=a\)' is no RE2 expression/,
    ],
    [
      'has a pattern that makes a secret of everything',
      kind,
      { dataHandling: { redact: { patterns: ['x*'] } } },
      /`dataHandling\.redact\.patterns\[0\]`: 'x\*' matches the empty text/,
    ],
    [
      'hides a field that is no pointer',
      kind,
      { dataHandling: { redact: { fields: ['data.x'] } } },
      /spec\.dataHandling\.redact\.fields\[0\]: Invalid value: .*should match/,
    ],
    ['is suspended by a word', kind, { suspended: 'yes' }, 'spec.suspended in body must be of type boolean: "string"'],
  ]),
  // ActionPlan.
  [
    'is written by an admin',
    'ActionPlan',
    { attempt: 1 },
    /only Sentinel's operator writes plans, and a plan never changes|Required value/,
  ],
];

describe('A wrong object', { concurrency: true }, () => {
  for (const [what, kind, spec, message, options] of rows) {
    it(`is refused: ${kind} that ${what}`, async () => refused(await create(kind, spec, options), message));
  }

  it('is refused: AgentAction of somebody without the right to use the account', async () => {
    refused(
      await create('AgentAction', action(), { as: stranger }),
      "the requester needs the verb 'use' on accounts.sentinel.dev/reader and does not hold it (RBAC: use). An admin grants it with a RoleBinding.",
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

// A field that no program obeys yet must be refused, never ignored: each is found from the kinds, so that none is forgotten.
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly 'x-sentinel-unsupported'?: boolean;
}

const candidates = ['x', '1h', '1Gi', '1', `sha256:${'0'.repeat(64)}`, `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`];

/** The smallest value that a schema accepts. */
function sample(schema: Schema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return within(schema);
  if (schema.type === 'array') return [sample(schema.items ?? {})];
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type === 'boolean') return true;
  return candidates.find((text) => new RegExp(schema.pattern ?? '').test(text)) ?? assert.fail(`no sample for ${schema.pattern}`);
}

function within(schema: Schema, more: Json = {}): Json {
  const needed = (schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {})]);
  return { ...Object.fromEntries(needed), ...more };
}

/** Each unsupported field, with an object that sets it and otherwise only what it must. */
function unsupportedIn(schema: Schema, path: string, wrap: (value: Json) => Json): { path: string; field: string; spec: Json }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    if (property['x-sentinel-unsupported']) return [{ path: here, field: name, spec: wrap({ [name]: sample(property) }) }];
    if (property.type === 'object') return unsupportedIn(property, here, (value) => wrap({ [name]: within(property, value) }));
    const items = property.items;
    if (items?.type === 'object') return unsupportedIn(items, `${here}[]`, (value) => wrap({ [name]: [within(items, value)] }));
    return [];
  });
}

describe('A field that is not supported yet', { concurrency: true }, () => {
  let found = 0;
  for (const { kind, spec } of kinds.filter((one) => bases[one.kind] !== undefined)) {
    const schema = z.toJSONSchema(spec, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as Schema;
    for (const field of unsupportedIn(schema, 'spec', (value) => ({ ...bases[kind], ...value }))) {
      found += 1;
      it(`is refused: ${kind} with ${field.path}`, async () =>
        refused(await create(kind, field.spec), `\`${field.field}\` is not supported yet: leave it out`));
    }
  }

  it('is found wherever it is', () => assert.ok(found >= 8, `${found} fields`));
});

describe('kubectl explain', { concurrency: true }, () => {
  it('has a description of every field of every kind', async () => {
    const { body } = await connection.send('GET', `/openapi/v3/apis/${API_VERSION}`);
    const schemas = (body.components as { schemas: Record<string, Schema & { description?: string }> }).schemas;
    const bare: string[] = [];
    // A copy of another kind, which is described as a whole.
    const copies = new Set(['ActionPlan.spec.playbook.spec']);
    const walk = (schema: Schema, path: string): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        if (!(property as { description?: string }).description) bare.push(`${path}.${name}`);
        if (name !== 'metadata' && !copies.has(`${path}.${name}`)) walk(property.items ?? property, `${path}.${name}`);
      }
    };
    for (const { kind } of kinds) {
      const schema = schemas[`dev.sentinel.v1alpha1.${kind}`] ?? assert.fail(`no ${kind} in ${Object.keys(schemas).join(', ')}`);
      if (!schema.description) bare.push(kind);
      walk(schema, kind);
    }
    assert.deepEqual(bare, []);
  });

  for (const { plural, description } of kinds) {
    it(`says what ${plural} are`, async () => {
      const text = await admin.kubectl(['explain', `${plural}.sentinel.dev`]);
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(description), text);
    });
  }
});
