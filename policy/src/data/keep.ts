import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Effect, FieldChange } from '@sentinel/crds';
import { NAMES } from './forms.ts';
import type { DataHandling, DataKind } from './handling.ts';
import { MASK, maskSecrets } from './secrets.ts';

const HASHED = 'sha256:';
/** An option whose value is a secret, standing for itself. */
const TELLING = new RegExp(`^--?(?:[\\w-]*(?:${NAMES}|credentials)|(?:[\\w-]*[-_])?(?:pass|pwd))$`, 'i');
/** The option of curl behind which a user and a password stand. */
const USER = /^(?:-[a-z]*u|--(?:proxy-)?user)$/i;

/** What is kept of a text; undefined when nothing is. A digest lets someone who has the text prove that it was this one. */
export async function keepText(kind: DataKind, handling: DataHandling, text: string): Promise<string | undefined> {
  switch (handling[kind]) {
    case 'Stored':
      return text;
    case 'Redacted':
      return await maskSecrets(text, handling.patterns);
    case 'Hashed':
      return `${HASHED}${createHash('sha256').update(text).digest('hex')}`;
    default:
      return undefined;
  }
}

/** As many characters of values as a plan shows: it must fit into one object, and looking for secrets takes its time. */
export const SHOWN_MAX = 256 * 1024;

/**
 * The effects of a plan with what may be shown of their changes. What is pinned is the digest of each change, which stays. Beyond
 * what a plan can show, values are left out and said to be hidden. Other work gets its turn between two effects.
 */
export async function keepDiffs(handling: DataHandling, effects: readonly Effect[]): Promise<Effect[]> {
  const kept: Effect[] = [];
  let shown = 0;
  for (const effect of effects) {
    await setImmediate();
    const change: FieldChange[] = [];
    for (const one of effect.change ?? []) {
      shown += (one.before?.length ?? 0) + (one.after?.length ?? 0);
      change.push(shown > SHOWN_MAX ? hiddenChange(one) : await keepChange(handling, one));
    }
    kept.push({ ...effect, ...(effect.change ? { change } : {}), ...(await keepPods(handling, effect)) });
  }
  return kept;
}

// Labels of pods are values of the object as well, wherever it has its pods.
const PODS = ['/metadata/labels', '/spec/template/metadata/labels', '/spec/jobTemplate/spec/template/metadata/labels'];

async function keepPods(handling: DataHandling, { pods }: Effect): Promise<Pick<Effect, 'pods'>> {
  if (!pods?.labels) return {};
  const { labels, ...counts } = pods;
  const paths = labels.flatMap((label) => PODS.map((path) => `${path}/${pointerPart(label.slice(0, label.indexOf('=')))}`));
  if (paths.some((path) => handling.fields.some((pointer) => coversPointer(pointer, path)))) return { pods: counts };
  const text = labels.join('\n');
  return { pods: (await keepText('diffs', handling, text)) === text ? pods : counts };
}

const pointerPart = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

const hiddenChange = ({ before: _, after: __, ...rest }: FieldChange): FieldChange => ({ ...rest, redacted: true });

/** The commands of a plan as people may see them: unless parameters are stored as they are, with secrets masked. */
export async function keepCommands<T extends { readonly command: readonly string[] }>(
  handling: DataHandling,
  steps: readonly T[],
): Promise<(T & { command: string[] })[]> {
  const kept: (T & { command: string[] })[] = [];
  for (const step of steps) kept.push({ ...step, command: await keepCommand(handling, step.command) });
  return kept;
}

// One after the other: side by side, all of them would have their turn before anything else has.
async function keepCommand(handling: DataHandling, command: readonly string[]): Promise<string[]> {
  if (handling.parameters === 'Stored') return [...command];
  const curl = command.findIndex((argument) => /(?:^|\/)curl$/.test(argument));
  const kept: string[] = [];
  for (const [at, argument] of command.entries()) {
    const before = command[at - 1] ?? '';
    if (TELLING.test(before)) kept.push(MASK);
    else if (curl >= 0 && USER.test(before)) kept.push(await maskBehind(handling, `curl ${before} `, argument));
    else kept.push(await maskBehind(handling, curl >= 0 ? 'curl ' : '', argument));
  }
  return kept;
}

// An argument that is a secret by what stands before it.
async function maskBehind({ patterns }: DataHandling, before: string, argument: string): Promise<string> {
  const alone = await maskSecrets(argument, patterns);
  if (before === '' || alone !== argument) return alone;
  const whole = await maskSecrets(`${before}${argument}`);
  return whole.startsWith(before) ? whole.slice(before.length) : MASK;
}

/** A sentence that may quote a command, or the value of a parameter. */
export interface Saying {
  readonly message: string;
  readonly quote?: string;
}

/** Sentences without what they quote where policy keeps no values of parameters: nobody knows which are in a command. */
export function withoutQuotes<T extends Saying>({ parameters }: DataHandling, said: readonly T[]): T[] {
  if (parameters === 'Stored' || parameters === 'Redacted') return [...said];
  return said.map((one) =>
    one.quote === undefined ? one : { ...one, message: one.message.replaceAll(`'${one.quote}'`, `'${MASK}'`) },
  );
}

/** What a sentence says of commands as people may see it: unless parameters are stored as they are, with secrets masked. */
export async function keepSentence({ parameters, patterns }: DataHandling, sentence: string): Promise<string> {
  return parameters === 'Stored' ? sentence : await maskSecrets(sentence, patterns);
}

async function keepChange(handling: DataHandling, change: FieldChange): Promise<FieldChange> {
  if (change.redacted) return change;
  if (handling.fields.some((pointer) => coversPointer(pointer, change.path))) return hiddenChange(change);
  const { before, after, ...rest } = change;
  const [shownBefore, shownAfter] = await Promise.all([keepValue(handling, before), keepValue(handling, after)]);
  const hidden = shownBefore !== before || shownAfter !== after;
  return {
    ...rest,
    ...(shownBefore === undefined ? {} : { before: shownBefore }),
    ...(shownAfter === undefined ? {} : { after: shownAfter }),
    ...(hidden ? { redacted: true } : {}),
  };
}

// Values are JSON texts, and stay that. A string is looked at without its quotes: they are no part of a secret in it.
async function keepValue(handling: DataHandling, value: string | undefined): Promise<string | undefined> {
  if (value === undefined) return undefined;
  const parsed = parseJson(value);
  const kept = await keepText('diffs', handling, typeof parsed === 'string' ? parsed : value);
  if (kept === undefined || kept === value || kept === parsed) return kept === undefined ? undefined : value;
  return typeof parsed === 'string' || parseJson(kept) === undefined ? JSON.stringify(kept) : kept;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a JSON pointer with wildcards names a path or something around it: hiding an object hides what is in it. */
export function coversPointer(pointer: string, path: string): boolean {
  const [wanted, given] = [pointer.split('/'), path.split('/')];
  return wanted.length <= given.length && wanted.every((part, index) => part === '*' || part === given[index]);
}
