import { admin, eventually } from './cluster.ts';
import { startProgram, stopProgram } from './programs.ts';

// A program of Sentinel, as it is installed, that is killed at an exact write to the API server. Nothing of it is changed: it runs
// below a parent that starts it again each time, with a module loaded before it that listens to what its HTTP client publishes.

/** When to die: right before the request is sent, or when its answer has arrived and nobody has read it yet. */
export type Moment = 'before' | 'after';

/** Deaths of a program: at each write of an action whose name matches `at`, once each. */
export interface Death {
  readonly action: string;
  readonly when: Moment;
  /** A regular expression over the whole name of a write, such as `POST Job run`. */
  readonly at: string;
}

/** What a mortal program wrote and when it died, oldest first. */
export interface Trace {
  readonly event: 'write' | 'death' | 'start';
  readonly action: string;
  readonly at: string;
  readonly when?: Moment;
  readonly status?: number;
}

const SYSTEM = 'sentinel-system';
const FOLDER = '/mortal';

// Runs in the pod. It names each write by what it says of an action, so that a death falls where it should whatever came before it.
const preload = `
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';

const deaths = JSON.parse(process.env.MORTAL_DEATHS);
const read = (name) => existsSync('${FOLDER}/' + name) ? readFileSync('${FOLDER}/' + name, 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
const note = (name, value) => appendFileSync('${FOLDER}/' + name, JSON.stringify(value) + '\\n');
const say = (value) => writeSync(1, '@@' + JSON.stringify(value) + '\\n');
const done = new Set(read('deaths').map((one) => JSON.stringify(one)));
const owners = new Map(read('owners'));
const own = (name, owner) => { owners.set(name, owner); note('owners', [name, owner]); };

function nameOf({ method, path, body }) {
  if (method === 'GET') return undefined;
  const json = () => JSON.parse(String(body));
  const [, action, status] = /\\/agentactions\\/([^/?]+)(\\/status)?/.exec(path) ?? [];
  if (action && !status) return [action, 'PATCH finalizer'];
  if (action) {
    const { conditions = [], outbox = {}, finishedAt } = json().status;
    const state = conditions.find(({ type }) => type === 'Succeeded')?.reason;
    return [action, 'PUT status ' + state + ' #' + outbox.sequence + (finishedAt && outbox.exported === outbox.sequence ? ' exported' : '')];
  }
  if (path.endsWith('/actionplans')) return [json().spec.action.name, 'POST plan'];
  const [, job] = /\\/sentinel-sandboxes\\/jobs(?:\\/([^/?]+))?$/.exec(path) ?? [undefined, null];
  if (job !== null && method === 'POST') {
    const { name, annotations, labels } = json().metadata;
    own(name, [annotations['sentinel.dev/action'].split('/')[1], labels['sentinel.dev/stage']]);
    return [owners.get(name)[0], 'POST Job ' + owners.get(name)[1]];
  }
  if (job) return [owners.get(job)?.[0] ?? '', method + ' Job ' + owners.get(job)?.[1]];
  if (path === '/sentinel/v1/rollbacks') return [json().name, 'POST rollback'];
  if (path === '/sentinel/v1/resolutions') return [json().name, 'POST resolution'];
  const [, intent] = /\\/sentinel-ledger\\/secrets(?:\\/([^/?]+))?$/.exec(path) ?? [undefined, null];
  if (intent !== null && ['POST', 'PUT'].includes(method)) {
    const { metadata, data } = json();
    const { target, state } = data.head ? JSON.parse(Buffer.from(data.head, 'base64')) : {};
    if (!target) return undefined;
    return [target.name, method + ' intent ' + state];
  }
  const [, written] = /^\\/apis\\/apps\\/v1\\/namespaces\\/[^/]+\\/deployments\\/([^/?]+)/.exec(path) ?? [];
  return written && [written, method + (path.includes('dryRun=') ? ' deployment as a dry-run' : ' deployment')];
}

const names = new WeakMap();
function meet(when, [action, at], status) {
  const death = { action, when, at };
  if (!deaths.some((one) => one.action === action && one.when === when && new RegExp('^(' + one.at + ')$').test(at))) return;
  if (done.has(JSON.stringify(death))) return;
  note('deaths', death);
  say({ event: 'death', ...death, status });
  process.kill(process.pid, 'SIGKILL');
}
subscribe('undici:request:create', ({ request }) => {
  const name = nameOf(request);
  if (!name) return;
  names.set(request, name);
  meet('before', name);
});
subscribe('undici:request:headers', ({ request, response }) => {
  const name = names.get(request);
  if (!name) return;
  say({ event: 'write', action: name[0], at: name[1], status: response.statusCode });
  if (response.statusCode < 300) meet('after', name, response.statusCode);
});
`;

const parent = `
const { spawn } = require('node:child_process'), fs = require('node:fs');
fs.writeFileSync('${FOLDER}/preload.mjs', process.env.MORTAL_PRELOAD);
let ending = false, child;
function live() {
  console.log('@@' + JSON.stringify({ event: 'start', action: '', at: '' }));
  child = spawn(process.execPath, ['--enable-source-maps', '--import', '${FOLDER}/preload.mjs', '/app/sentinel.mjs', process.env.MORTAL_PROGRAM], { stdio: 'inherit' });
  child.on('exit', () => ending ? process.exit(0) : live());
}
process.on('SIGTERM', () => { ending = true; child.kill('SIGTERM'); });
live();
`;

interface Template {
  metadata: { labels: Record<string, string> };
  spec: {
    containers: {
      name: string;
      command?: string[];
      args?: string[];
      env?: { name: string; value?: string }[];
      livenessProbe?: unknown;
      volumeMounts?: unknown[];
    }[];
    volumes?: unknown[];
  };
}

/**
 * Puts a mortal program in the place of the installed one while `use` runs: the same pod, the same account, and the same labels
 * for Services and NetworkPolicies. The installed one comes back afterwards, whatever happens.
 */
export async function withMortal<T>(
  program: 'operator' | 'gateway',
  deaths: readonly Death[],
  use: (trace: () => Promise<Trace[]>) => Promise<T>,
): Promise<T> {
  const deployment = `sentinel-${program}`;
  const { spec } = await admin.get<{ spec: { replicas: number; template: Template } }>(['deployment', deployment, '-n', SYSTEM]);
  const name = `mortal-${program}`;
  await admin.kubectl(['delete', 'pod', name, '-n', SYSTEM, '--ignore-not-found', '--grace-period=0', '--force']);
  try {
    await stopProgram(program);
    await admin.apply(JSON.stringify(mortalPod(name, program, spec.template, deaths)));
    await admin.kubectl(['wait', 'pod', name, '-n', SYSTEM, '--for=condition=Ready', '--timeout=60s']);
    return await use(() => traceOf(name));
  } finally {
    // Asked to end, so that a leader gives its lease back and nobody has to wait for it to run out.
    await admin.kubectl(['delete', 'pod', name, '-n', SYSTEM, '--ignore-not-found', '--grace-period=10']);
    await startProgram(program, spec.replicas);
  }
}

function mortalPod(name: string, program: string, template: Template, deaths: readonly Death[]): object {
  const [container] = template.spec.containers;
  if (!container) throw new Error(`${name}: no container`);
  const { livenessProbe: _, args: __, ...kept } = container;
  const env = [
    ...(container.env ?? []),
    { name: 'MORTAL_PROGRAM', value: program },
    { name: 'MORTAL_PRELOAD', value: preload },
    { name: 'MORTAL_DEATHS', value: JSON.stringify(deaths) },
  ];
  const mounts = [...(container.volumeMounts ?? []), { name: 'mortal', mountPath: FOLDER }];
  // Services and NetworkPolicies find it as the installed one. Without the hash that a ReplicaSet puts there, no Deployment takes it for its own.
  const { labels } = template.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: SYSTEM, labels },
    spec: {
      ...template.spec,
      containers: [{ ...kept, command: ['/usr/local/bin/node', '-e', parent], env, volumeMounts: mounts }],
      volumes: [...(template.spec.volumes ?? []), { name: 'mortal', emptyDir: {} }],
    },
  };
}

async function traceOf(pod: string): Promise<Trace[]> {
  const log = await eventually('the log', () => admin.kubectl(['logs', pod, '-n', SYSTEM, '--tail=-1']));
  return log
    .split('\n')
    .filter((line) => line.startsWith('@@'))
    .map((line) => JSON.parse(line.slice(2)) as Trace);
}
