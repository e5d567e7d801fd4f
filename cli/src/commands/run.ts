import { randomInt } from 'node:crypto';
import { type AgentAction, API_VERSION, agentActions } from '@sentinel/crds';
import { requireName } from '../read.ts';
import { type Session, UsageError } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { watch } from './watch.ts';

export interface RunFlags {
  readonly account?: string;
  readonly image?: string;
  readonly parent?: string;
  readonly param?: string[];
  readonly summary: string;
  readonly reason?: string;
  readonly prompt?: string;
  readonly onBehalfOf?: string;
  readonly mode?: string;
  readonly name?: string;
  readonly wait?: boolean;
}

// Without vowels and what looks alike, as Kubernetes does it: no words come out by chance.
const OWN_STEPS = 'own-steps';
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const NAME_MAX = 100;

/** What an action does: a Playbook by its name, or one command of its own. */
export type Work = { readonly playbook: string } | { readonly command: readonly string[] };

/** Reads what stands behind `run`: the name of a Playbook, or a command behind `--`. Throws UsageError for both and for neither. */
export function workOf(words: readonly string[], command: readonly string[] | undefined): Work {
  const [playbook, ...more] = words;
  if (command !== undefined && command.length > 0) {
    if (playbook !== undefined) throw new UsageError('FlagConflict', 'name a Playbook, or give a command behind --, not both');
    return { command };
  }
  if (playbook === undefined) throw new UsageError('FlagRequired', 'name a Playbook, or give a command behind --');
  if (more.length > 0) throw new UsageError('FlagConflict', `only one Playbook is allowed; leave out '${more.join(' ')}'`);
  return { playbook };
}

/** Files an action for a Playbook, or for a command of its own; with `--wait` follows it to its end. */
export async function run(session: Session, work: Work, flags: RunFlags): Promise<number> {
  const { client, namespace, io } = session;
  const format = formatOf(session.flags.output);
  if (format && flags.wait) throw new UsageError('FlagConflict', '--wait and --output cannot be used together');
  const action = actionFor(namespace, work, flags);
  const created = await client.create(agentActions, action, { fieldManager: 'kubectl-sentinel', fieldValidation: 'Strict' });
  const { name } = action.metadata;
  io.out(format ? raw(created, format) : `agentaction.sentinel.dev/${name} created`);
  return flags.wait ? await watch(session, name) : 0;
}

/** The action that the flags ask for. Throws UsageError, with what to write instead. */
export function actionFor(namespace: string, work: Work, flags: RunFlags): AgentAction {
  const title = 'playbook' in work ? work.playbook : OWN_STEPS;
  requireName(title, 'a Playbook');
  const mode = flags.mode ?? 'Apply';
  if (mode !== 'Apply' && mode !== 'DryRun') throw new UsageError('FlagInvalid', '--mode must be Apply or DryRun');
  const summary = flags.summary.trim();
  if (summary === '' || summary.length > 512)
    throw new UsageError('FlagInvalid', '--summary must say in 1 to 512 characters what is going to be done');
  const name = flags.name ?? generatedName(title);
  requireName(name, 'an action');
  if (name.length > NAME_MAX) throw new UsageError('FlagInvalid', `--name may have at most ${NAME_MAX} characters`);
  const parameters = (flags.param ?? []).map(parameter);
  const twice = parameters.find(({ name: one }, at) => parameters.findIndex((other) => other.name === one) !== at);
  if (twice) throw new UsageError('FlagInvalid', `--param ${twice.name} is given twice`);
  return {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    metadata: { name, namespace },
    spec: {
      intent: {
        summary,
        ...(flags.reason ? { reason: flags.reason } : {}),
        ...(flags.prompt ? { prompt: flags.prompt } : {}),
        ...(flags.parent ? { parentAction: flags.parent } : {}),
      },
      ...onBehalfOf(flags),
      ...workFields(work, flags, parameters),
      mode,
      cancelled: false,
    },
  };
}

function onBehalfOf({ onBehalfOf: user }: RunFlags): Pick<AgentAction['spec'], 'onBehalfOf'> {
  if (user === undefined) return {};
  if (user.trim() === '' || user.length > 253)
    throw new UsageError('FlagInvalid', '--on-behalf-of must be the user name of a person, of 1 to 253 characters');
  return { onBehalfOf: { user } };
}

function workFields(
  work: Work,
  { account, image }: RunFlags,
  parameters: readonly { name: string; value: string }[],
): Partial<AgentAction['spec']> {
  if ('playbook' in work) {
    if (account !== undefined || image !== undefined)
      throw new UsageError(
        'FlagConflict',
        '--account and --image are only allowed with a command behind --: a Playbook brings its own',
      );
    return { playbookRef: { name: work.playbook }, ...(parameters.length > 0 ? { parameters: [...parameters] } : {}) };
  }
  if (account === undefined || image === undefined)
    throw new UsageError('FlagRequired', '--account and --image are required when a command follows --');
  if (parameters.length > 0)
    throw new UsageError('FlagConflict', '--param is only allowed with a Playbook: write the values into the command');
  return { steps: [{ name: 'command', command: [...work.command] }], account, image };
}

function generatedName(playbook: string): string {
  const suffix = Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${playbook.slice(0, NAME_MAX - 6).replace(/[-.]+$/, '')}-${suffix}`;
}

/** Reads `name=value`. Throws UsageError for anything else. */
export function parameter(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError('FlagInvalid', `--param must be NAME=VALUE, not '${text}'`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}
