import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Effect, FieldChange } from '@sentinel/crds';
import { NAMES_OF_SECRETS } from './forms.ts';
import type { DataHandling, DataKind } from './handling.ts';
import { keepLines } from './keep-lines.ts';
import { type DiffBudget, diffBudget } from './line-diff.ts';
import { MASK, maskLongText, maskSecrets } from './secrets.ts';

const HASHED = 'sha256:';
/** An option whose value is a secret, standing for itself. */
const TELLING = new RegExp(`^--?(?:[\\w-]*(?:${NAMES_OF_SECRETS}|credentials)|(?:[\\w-]*[-_])?(?:pass|pwd))$`, 'i');
/** The option of curl behind which a user and a password stand. */
const USER = /^(?:-[a-z]*u|--(?:proxy-)?user)$/i;

/** The stored form of a text; undefined if nothing is stored. With a digest, someone who has the text can prove that it was this text. */
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

/** The same for a text of any length, such as the log of a step: its secrets are masked, and not all of it. */
export async function keepLongText(kind: DataKind, handling: DataHandling, text: string): Promise<string | undefined> {
  return handling[kind] === 'Redacted' ? await maskLongText(text, handling.patterns) : await keepText(kind, handling, text);
}

/** JSON pointer of the annotation in which `kubectl apply` keeps a copy of the object. Pointers go on into that copy. */
export const LAST_APPLIED = '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration';

/** Where the values of a field are that are hidden in it for their names. No JSON has them: they never leave the program. */
export const UNHIDDEN = Symbol('unhidden');

/** A field that changes, as the program that recorded it has it in memory. */
export interface RecordedChange extends FieldChange {
  readonly [UNHIDDEN]?: Pick<FieldChange, 'before' | 'after'>;
}

/** How many values of a plan, and how many characters of them, are looked through: it takes its time. A rehearsal records less. */
export const SHOWN_VALUES = 10_000;
export const SHOWN_MAX = 8 * 1024 * 1024;

/**
 * The effects of a plan with what may be shown of their changes, in full: long values as the lines that change. What is pinned is the
 * digest of each change, which stays. Other work gets its turn between two effects, and while texts are searched. Values
 * beyond what is looked through are left out and said to be hidden.
 */
export async function keepDiffs(handling: DataHandling, effects: readonly Effect[]): Promise<Effect[]> {
  const budget = diffBudget();
  const kept: Effect[] = [];
  let [values, size] = [0, 0];
  for (const effect of effects) {
    await setImmediate();
    const change: FieldChange[] = [];
    for (const one of effect.change ?? []) {
      values++;
      size += (one.before?.length ?? 0) + (one.after?.length ?? 0);
      const isSearched = values <= SHOWN_VALUES && size <= SHOWN_MAX;
      change.push(isSearched ? await keepChange(handling, one, budget) : hiddenChange(one));
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

const hiddenChange = ({ before: _, after: __, [UNHIDDEN]: ___, ...rest }: RecordedChange): FieldChange => ({
  ...rest,
  redacted: true,
});

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

/** A sentence that may quote a command or the value of a parameter. */
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

async function keepChange(handling: DataHandling, recorded: RecordedChange, budget: DiffBudget): Promise<FieldChange> {
  if (isNeverShown(handling, recorded)) return hiddenChange(recorded);
  const change = withNamed(handling, recorded);
  if (handling.diffs === 'Stored' || handling.diffs === 'Redacted') {
    const inLines = await keepLines(handling, change, budget);
    if (inLines) return inLines;
  }
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

// What names hide is shown where policy stores values as they are. A digest of the mark would make all of them alike.
function withNamed({ diffs }: DataHandling, { [UNHIDDEN]: unhidden, ...change }: RecordedChange): FieldChange {
  if (unhidden === undefined) return change;
  if (diffs === 'Hashed' && [change.before, change.after].includes(JSON.stringify(MASK))) return hiddenChange(change);
  if (diffs !== 'Stored') return change;
  const { redacted: _, ...rest } = change;
  return { ...rest, ...unhidden };
}

// A field is hidden in the copy that `kubectl apply` keeps as well. What cannot be read as a copy may hold it anywhere.
function isNeverShown({ fields }: DataHandling, { path, repeats }: FieldChange): boolean {
  const covers = (at: string) => fields.some((pointer) => coversPointer(pointer, at));
  if (covers(path)) return true;
  if (path === LAST_APPLIED) return !repeats && fields.length > 0;
  return path.startsWith(`${LAST_APPLIED}/`) && covers(path.slice(LAST_APPLIED.length));
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
