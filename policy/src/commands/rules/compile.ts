import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { withAliases } from '../programs/kubectl-aliases.ts';
import type { HostExecutable } from '../programs/program-names.ts';
import type { Word } from '../shell/words.ts';
import type { Tokens } from './match.ts';

/** A rule about command lines in an AgentPolicy. */
export type CommandRule = NonNullable<AgentPolicySpec['commands']>[number];

/** The command rules of a policy. `commands` is undefined if it has none. */
export interface CommandPolicy {
  readonly name: string;
  readonly commands?: readonly CommandRule[] | undefined;
  readonly hostExecutables?: readonly HostExecutable[] | undefined;
}

export interface CompiledRule {
  readonly index: number;
  /** As it is written, for people. */
  readonly prefix: readonly string[];
  /** What is compared: of a rule that stops, with every other name of the same subcommand or resource. */
  readonly tokens: Tokens;
  readonly decision: Decision;
  readonly justification: string | undefined;
}

/** Rules by their next token: each stands under every alternative of it, or in `ended` when it has none. */
export interface RuleTree {
  readonly ended: CompiledRule[];
  /** Those of `ended` and of everything below. */
  all: CompiledRule[];
  next: Map<string, RuleTree> | undefined;
}

/** The compiled rules of a policy. Valid as long as the policy does not change. */
export interface CompiledCommands {
  readonly name: string;
  readonly hostExecutables: readonly HostExecutable[];
  /** Its rules, by their first tokens. */
  readonly tree: RuleTree;
  /** Rules that stop something, for programs that are unknown. */
  readonly restrictive: readonly CompiledRule[];
  /** How much memory the tree takes, in bytes, roughly. */
  readonly treeBytes: number;
}

/** The alternatives that each position of a prefix offers. */
export const tokensOf = (prefix: readonly string[]): Tokens => prefix.map((position) => position.split('|'));

/** The tokens that a command is compared with for a rule. */
export function tokensOfRule({ prefix, decision }: Pick<CommandRule, 'prefix' | 'decision'>): Tokens {
  const tokens = tokensOf(prefix);
  return decision === 'Allow' ? tokens : withAliases(tokens[0] ?? [], tokens);
}

/** Compiles the rules of a policy, once per change of it; undefined if the policy has no rules about commands. */
export function compileCommands(policy: CommandPolicy): CompiledCommands | undefined {
  if (policy.commands === undefined) return undefined;
  const tree = emptyTree();
  const restrictive: CompiledRule[] = [];
  const room = { bytes: TREE_BYTES };
  for (const [index, rule] of policy.commands.entries()) {
    const { prefix, decision, justification } = rule;
    const compiled = { index, prefix, tokens: tokensOfRule(rule), decision, justification };
    if (decision !== 'Allow') restrictive.push(compiled);
    plant(tree, compiled, { depth: 0, places: 1, room });
  }
  const treeBytes = TREE_BYTES - room.bytes;
  return { name: policy.name, hostExecutables: policy.hostExecutables ?? [], tree, restrictive, treeBytes };
}

const DEPTH = 3;
const MAX_PLACES = 1024;
/** What the tree of one policy may take, and what a node of it and a rule in a node do. Measured, and rounded. */
const TREE_BYTES = 1024 * 1024;
const NODE_BYTES = 320;
const ENTRY_BYTES = 16;

// Most nodes have nothing below, and take no room for it.
function emptyTree(): RuleTree {
  const ended: CompiledRule[] = [];
  return { ended, all: ended, next: undefined };
}

/** Where a rule is planted, and how much room its policy has left. */
interface Place {
  readonly depth: number;
  readonly places: number;
  readonly room: { bytes: number };
}

// A rule with very many alternatives ends sooner than its tokens do, and so does one for which its policy has no room left: it is
// compared more often, and takes no more room.
function plant(tree: RuleTree, rule: CompiledRule, { depth, places, room }: Place): void {
  const alternatives = new Set(rule.tokens[depth]);
  const isTooMany = places * alternatives.size > MAX_PLACES || alternatives.size * (NODE_BYTES + ENTRY_BYTES) > room.bytes;
  if (alternatives.size === 0 || depth >= DEPTH || isTooMany) {
    tree.ended.push(rule);
    if (tree.next) tree.all.push(rule);
    return;
  }
  if (!tree.next) {
    tree.next = new Map();
    tree.all = [...tree.ended];
  }
  tree.all.push(rule);
  for (const token of alternatives) {
    const known = tree.next.get(token);
    const below = known ?? emptyTree();
    room.bytes -= ENTRY_BYTES + (known ? 0 : NODE_BYTES);
    tree.next.set(token, below);
    plant(below, rule, { depth: depth + 1, places: places * alternatives.size, room });
  }
}

/** The rules that may match words: few, where the first of them are literal and no option stands between. */
export function candidates({ tree }: CompiledCommands, program: string, words: readonly Word[]): readonly CompiledRule[] {
  let at = tree.next?.get(program);
  let found: readonly CompiledRule[] = tree.ended;
  for (let index = 1; at; index++) {
    const word = words[index];
    // An option, or an unknown or an empty word, may be passed over: then any rule below may match.
    if (word !== undefined && (typeof word !== 'string' || word === '' || word.startsWith('-'))) return joined(found, at.all);
    found = joined(found, at.ended);
    if (word === undefined) return found;
    at = at.next?.get(word);
  }
  return found;
}

const joined = (a: readonly CompiledRule[], b: readonly CompiledRule[]): readonly CompiledRule[] =>
  a.length === 0 ? b : b.length === 0 ? a : [...a, ...b];
