import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { it } from 'node:test';
import { API_VERSION, kinds } from '@sentinel/crds';
import { admin, eventually, type Person, person } from '../cluster.ts';
import { deleteWhenDone } from '../tenant.ts';

// Wrong objects, each sent to the API server as a creation that is a dry-run: what is refused and in which words.

const suffix = randomBytes(3).toString('hex');
export const namespace = `input-${suffix}`;
/** Namespaces in which nothing runs, by what they lack. */
export const without = { optIn: `${namespace}-out`, policy: `${namespace}-bare`, start: `${namespace}-stop` };

/** JSON. */
export type Json = Record<string, unknown>;
/** What the API server answers. */
export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly body: Json;
}

/** One connection of somebody to the API server: the objects are many, and each kubectl is a process. */
export class Connection {
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

/** The connection of the admin. */
export const connection = new Connection(admin);

const definition = (kind: string) => kinds.find((one) => one.kind === kind) ?? assert.fail(kind);

/** The path of a kind in a namespace. */
export function address(kind: string, space: string): string {
  const { plural, namespaced } = definition(kind);
  return `/apis/${API_VERSION}/${namespaced ? `namespaces/${space}/` : ''}${plural}`;
}

/** An object of Sentinel. */
export const object = (kind: string, spec: unknown, name = `x-${suffix}`) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name },
  spec,
});

/** Tries to create an object, as a dry-run. */
export function create(
  kind: string,
  spec: unknown,
  options: { name?: string; space?: string; as?: Connection } = {},
): Promise<Answer> {
  const path = `${address(kind, options.space ?? namespace)}?dryRun=All&fieldValidation=Strict`;
  return (options.as ?? connection).send('POST', path, JSON.stringify(object(kind, spec, options.name)));
}

async function keep(path: string, body: unknown): Promise<void> {
  const { code, message } = await connection.send('POST', path, JSON.stringify(body));
  assert.ok(code < 300, message);
}

/** Fails unless an answer is a refusal that holds a text, or matches an expression. */
export function refused({ code, message }: Answer, expected: string | RegExp): void {
  assert.ok(code >= 400, `it was not refused: ${code}`);
  if (typeof expected === 'string') assert.ok(message.includes(expected), `${message}\ndoes not say: ${expected}`);
  else assert.match(message, expected);
}

export const intent = { summary: 'A bad one' };
/** The spec of an action. */
export const action = (more: Json = {}): Json => ({ intent, playbookRef: { name: 'trusted' }, ...more });
/** The spec of a Playbook that reads. */
export const playbook = (more: Json = {}): Json => ({
  category: 'Other',
  description: 'Looks.',
  account: 'reader',
  sandbox: { profile: 'Observe', image: 'localhost/tools:1' },
  steps: [{ name: 'look', command: ['kubectl', 'get', 'pods'] }],
  ...more,
});
/** Fields of a Playbook with one step and the parameter `what`. */
export const step = (...command: string[]) => ({ steps: [{ name: 'one', command }], parameters: [{ name: 'what' }] });
/** The spec of a Playbook that changes something. */
export const changing = (more: Json = {}) => playbook({ sandbox: { profile: 'Change', image: 'localhost/tools:1' }, ...more });
/** The spec of an action with one parameter. */
export const filled = (value: string, name = 'any') => action({ playbookRef: { name: 'look' }, parameters: [{ name, value }] });
/** The smallest spec of each kind. */
export const bases: Readonly<Record<string, Json>> = {
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

/** Makes the namespaces and what is in them; answers with a connection of somebody who may file actions, but not use the account. */
export async function makeSpaces(): Promise<Connection> {
  for (const name of [namespace, ...Object.values(without)]) deleteWhenDone(name);
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
  return new Connection(await person('ida', []));
}

/** What an object does wrong, its kind and spec, and the words in which it is refused. */
export type Row = readonly [
  what: string,
  kind: string,
  spec: unknown,
  message: string | RegExp,
  options?: { name?: string; space?: string },
];

/** Shows that each object is refused. */
export function itRefuses(rows: readonly Row[]): void {
  for (const [what, kind, spec, message, options] of rows)
    it(`is refused: ${kind} that ${what}`, async () => refused(await create(kind, spec, options), message));
}
