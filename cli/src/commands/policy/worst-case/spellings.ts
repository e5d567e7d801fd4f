import { type ApiRequest, compileCommands, judgeCommand, judgeStep, type PolicySet, resourceNames } from '@sentinel/policy';
import { type Content, spellingsOf } from './destructive-commands.ts';

/** A command line that is evaluated, and the objects that it names, if it names them itself. */
export interface Spelling {
  readonly command: readonly string[];
  readonly names?: readonly string[];
}

// Limits the time for rules with very many alternatives.
const MAX_OF_RULE = 64;
const MAX = 96;
const MAX_PROGRAMS = 4;

/** Prefixes of command lines that rules of the policies allow, if they do more than read and no policy requires a person for them. */
export function allowedLines(set: PolicySet): readonly (readonly string[])[] {
  const all = set.policies.flatMap(({ spec }) => beginningsOf(spec?.commands ?? []));
  const distinct = [...new Map(all.map((line) => [line.join('\0'), line])).values()];
  const passing = distinct.flatMap((line) => {
    // An interpreter without arguments reads a script; with a file it is a program like any other.
    const found = [line, [...line, './any']].find((argv) => judgeStep(set, { command: argv }).decision === 'Allow');
    return found ? [line[0] === 'kubectl' ? line : found] : [];
  });
  const kubectl = passing.filter(([program]) => program === 'kubectl');
  // All programs that are in no table are equivalent here.
  const others = passing.filter(([program]) => program !== 'kubectl').slice(0, MAX_PROGRAMS);
  return [...others, ...kubectl].slice(0, MAX);
}

/** Whether every policy with rules about commands allows more than reads: if one does not, no changing command runs without a person. */
export const commandsMayPass = ({ policies }: PolicySet): boolean =>
  policies.every(({ spec }) => spec?.commands === undefined || beginningsOf(spec.commands).length > 0);

type Rules = NonNullable<NonNullable<PolicySet['policies'][number]['spec']>['commands']>;

const beginningsOf = (rules: Rules): string[][] =>
  rules.flatMap(({ prefix, decision }) =>
    decision === 'Allow' ? alternativesOf(prefix).filter((line) => !(onlyReads(line) && onlyReads([...line, 'x']))) : [],
  );

const alternativesOf = (prefix: readonly string[]): string[][] =>
  prefix.reduce<string[][]>(
    (lines, position) => lines.flatMap((line) => position.split('|').map((token) => [...line, token])).slice(0, MAX_OF_RULE),
    [[]],
  );

// A policy with an empty list of rules requires a person for every command that is not a known read.
const silent = compileCommands({ name: '', commands: [] });

/** Whether a command line only reads, according to the built-in lists. */
export const onlyReads = (argv: readonly string[]): boolean => judgeCommand(silent ? [silent] : [], argv).decision === 'Allow';

const isChange = ({ verb }: ApiRequest) => verb === 'patch' || verb === 'update';
const reaches =
  (fields: RegExp) =>
  (request: ApiRequest, { change: [first] }: Content): boolean =>
    isChange(request) && fields.test(first?.path ?? '');
const metadata = reaches(/^\/metadata\/(annotations|labels)/);
const spec = reaches(/^\/spec/);

// The requests that a subcommand of kubectl can send; a subcommand that is missing here may send any request.
const sends: Readonly<Record<string, (request: ApiRequest, content: Content) => boolean>> = {
  annotate: metadata,
  label: metadata,
  scale: reaches(/^\/spec\/replicas$/),
  'rollout restart': reaches(/^\/spec\/template\/metadata\/annotations/),
  'rollout undo': spec,
  'rollout pause': reaches(/^\/spec$/),
  'rollout resume': reaches(/^\/spec$/),
  'set image': reaches(/\/image$/),
  patch: isChange,
  edit: isChange,
  delete: ({ verb }) => verb.startsWith('delete'),
  create: ({ verb }) => verb === 'create',
  run: ({ verb }) => verb === 'create',
  expose: ({ verb }) => verb === 'create',
};
/** Subcommands of two words, each with the most harmful second word. */
const groups: Readonly<Record<string, string>> = { rollout: 'restart', set: 'image' };
const ofFiles = new Set(['apply', 'replace', 'create']);

const restOf = (subcommand: string, { patch, change: [first] }: Content): string[] =>
  ({
    patch: ['--type=merge', '-p', JSON.stringify(patch)],
    annotate: ['any=x'],
    label: ['any=x'],
    scale: [`--replicas=${(patch as { spec?: { replicas?: number } }).spec?.replicas ?? 0}`],
    'set image': [`*=${JSON.parse(first?.after ?? '""')}`],
  })[subcommand] ?? [];

/** Every command line that is evaluated for a request: the usual ones, and those that rules of the policies allow. */
export function spellingsFor(
  lines: readonly (readonly string[])[],
  request: ApiRequest,
  names: readonly string[],
  content: Content,
): readonly Spelling[] {
  return [
    ...spellingsOf(request, names, content).map((command) => ({ command })),
    ...lines.flatMap((line) => (line[0] === 'kubectl' ? byKubectl(line, request, names, content) : [{ command: line }])),
  ];
}

function byKubectl(line: readonly string[], request: ApiRequest, names: readonly string[], content: Content): Spelling[] {
  // The effect of options in a rule is the responsibility of its author.
  if (line.slice(1).some((word) => word.startsWith('-'))) return [{ command: line }];
  const [, first, ...behind] = line;
  if (first === undefined) return [];
  const second = Object.hasOwn(groups, first) ? (behind.shift() ?? groups[first] ?? '') : undefined;
  const words = second === undefined ? [first] : [first, second];
  const subcommand = words.join(' ');
  const may = Object.hasOwn(sends, subcommand) ? sends[subcommand] : undefined;
  if (may && !may(request, content)) return [];
  const where = request.namespace === undefined ? [] : ['-n', request.namespace];
  const kind = request.resource.split('/')[0] ?? '';
  if (behind.length === 0 && ofFiles.has(first)) return [{ command: ['kubectl', first, '-f', `${kind}.yaml`, ...where] }];
  const [type = request.apiGroup === '' ? kind : `${kind}.${request.apiGroup}`, ...objects] = behind;
  const [named = '', object] = type.split('/');
  if (!namesOf(kind, request.apiGroup).includes(named)) return may ? [] : [{ command: line }];
  const own = [...(object ? [object] : []), ...objects];
  const command = ['kubectl', ...words, type, ...(own.length > 0 ? objects : names), ...restOf(subcommand, content), ...where];
  return [own.length > 0 ? { command, names: own } : { command }];
}

const namesOf = (kind: string, apiGroup: string): readonly string[] =>
  resourceNames([kind]).flatMap((name) => (apiGroup === '' ? [name] : [name, `${name}.${apiGroup}`]));
