import type { AgentActionSpec, PlaybookSpec, Step } from '@sentinel/crds';
import { RE2JS } from 're2js';
import { argumentRunners, type Concern, type FoundCommand, readArgv } from '../commands/index.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

type Declaration = NonNullable<PlaybookSpec['parameters']>[number];

/** The values that a run uses, or why they are not valid. */
export type Parameters = { readonly values: ReadonlyMap<string, string>; readonly refusals: readonly Refusal[] };

const REFERENCE = /\$\(params\.([a-zA-Z0-9-]+)\)/g;
// Wider than a valid reference: a misspelt reference would otherwise run as literal text.
const MENTION = /\$\(params\.([^)]*)/g;
// Shells, and programs that run a command that they are told as text. What runs other languages is known to the analysis of commands.
const runners = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'busybox', 'su', 'watch', 'script', 'eval', 'env', 'xargs']);

/** Checks the values of an action against what a Playbook declares. Every fault is listed. */
export function resolveParameters(playbook: PlaybookSpec, given: AgentActionSpec['parameters'] = []): Parameters {
  const values = new Map<string, string>();
  const refusals: Refusal[] = [];
  const declared = new Map((playbook.parameters ?? []).map((declaration) => [declaration.name, declaration]));
  for (const { name } of given) {
    if (!declared.has(name))
      refusals.push(
        refuse(
          'ParameterNotDeclared',
          name,
          `parameter '${name}' is not declared; declared: ${[...declared.keys()].join(', ') || 'none'}`,
        ),
      );
  }
  for (const declaration of declared.values()) {
    const value = given.find(({ name }) => name === declaration.name)?.value ?? declaration.default;
    if (value === undefined) {
      if (declaration.required)
        refusals.push(refuse('ParameterRequired', declaration.name, `parameter '${declaration.name}' is required`));
      continue;
    }
    const fault = faultOf(declaration, value);
    if (fault)
      refusals.push({
        ...refuse('ParameterInvalid', declaration.name, `parameter '${declaration.name}' ${fault}`),
        quote: value,
      });
    values.set(declaration.name, value);
  }
  return { values, refusals };
}

function faultOf(declaration: Declaration, value: string): string | undefined {
  if (value.includes('\u0000')) return 'must not hold a NUL character';
  if (value.startsWith('-') && !declaration.allowLeadingDash && declaration.type !== 'Integer')
    return "must not begin with '-': it would be read as an option";
  if (declaration.type === 'Integer' && !/^-?(0|[1-9][0-9]{0,14})$/.test(value)) return `must be a whole number, not '${value}'`;
  if (declaration.min !== undefined && Number(value) < declaration.min) return `must be at least ${declaration.min}`;
  if (declaration.max !== undefined && Number(value) > declaration.max) return `must be at most ${declaration.max}`;
  if (declaration.type === 'Boolean' && value !== 'true' && value !== 'false') return `must be 'true' or 'false', not '${value}'`;
  if (declaration.enum && !declaration.enum.includes(value))
    return `must be one of ${declaration.enum.map((one) => `'${one}'`).join(', ')}`;
  if (declaration.pattern && !matchesWhole(declaration.pattern, value)) return `must match '${declaration.pattern}'`;
  return undefined;
}

// RE2 has linear run time for every input, unlike regular expressions of JavaScript.
function matchesWhole(pattern: string, value: string): boolean {
  try {
    return RE2JS.compile(pattern).matches(value);
  } catch {
    return false;
  }
}

/** Fills the values into steps. A value stays inside the one argument that names it. */
export function fillSteps(steps: readonly Step[], values: ReadonlyMap<string, string>): Step[] {
  const fill = (text: string) => text.replace(REFERENCE, (_, name: string) => values.get(name) ?? '');
  return steps.map((step) => ({
    ...step,
    command: step.command.map(fill),
    ...(step.env ? { env: step.env.map(({ name, value }) => ({ name, value: fill(value) })) } : {}),
  }));
}

/** Faults in the steps of a Playbook, for any requester: unknown parameters, parameters inside text that an interpreter executes, bad patterns. */
export function stepFaults(playbook: PlaybookSpec): string[] {
  const declared = new Set((playbook.parameters ?? []).map(({ name }) => name));
  const faults: string[] = [];
  for (const { name, pattern } of playbook.parameters ?? []) {
    if (pattern !== undefined && !compiles(pattern)) faults.push(`\`parameters[${name}].pattern\` must be an RE2 expression`);
  }
  for (const step of [...playbook.steps, ...(playbook.verify ?? [])]) {
    for (const text of [...step.command, ...(step.env ?? []).map(({ value }) => value)]) {
      for (const [, name = ''] of text.matchAll(MENTION)) {
        if (!declared.has(name)) faults.push(`step '${step.name}' names the parameter '${name}', which is not declared`);
      }
    }
    if (/\$\(params\./.test(step.command[0] ?? ''))
      faults.push(`step '${step.name}' must name its program itself, not by a parameter`);
    const { commands, concerns } = readArgv(
      step.command,
      (step.env ?? []).map(({ name }) => name),
    );
    for (const { name, value } of step.env ?? [])
      if (/\$\(params\./.test(value) && concerns.some(({ kind, subject }) => kind === 'Variable' && subject === name))
        faults.push(`step '${step.name}' must not put a parameter into the variable '${name}', which changes what programs do`);
    const interpreter = interpreterIn(step.command, commands, concerns);
    if (interpreter >= 0 && step.command.slice(interpreter + 1).some((argument) => /\$\(params\./.test(argument))) {
      faults.push(
        `step '${step.name}' must not put a parameter into an argument of '${step.command[interpreter]}', which may execute it; pass it as an environment variable`,
      );
    }
  }
  return faults;
}

// The position of a program, also after wrappers (`timeout 5 sh -c …`), but not a word that only looks like one (`get node x`).
// A command that cannot be parsed may have a program anywhere.
function interpreterIn(argv: readonly string[], commands: readonly FoundCommand[], concerns: readonly Concern[]): number {
  if (concerns.some(({ kind }) => kind === 'Opaque')) return argv.findIndex(isInterpreter);
  const programs = new Set(commands.flatMap(({ words, chain }) => [words[0], ...chain.map((link) => link.split(' ')[0])]));
  return argv.findIndex((word) => isInterpreter(word) && (programs.has(word) || programs.has(word.split('/').at(-1) ?? '')));
}

function isInterpreter(word: string): boolean {
  const name = word.split('/').at(-1) ?? '';
  return [name, name.replace(/-?[0-9.]+$/, '')].some((one) => runners.has(one) || argumentRunners.has(one));
}

function compiles(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

function refuse(code: PolicyErrorCode, name: string, message: string): Refusal {
  return { code, policy: 'Playbook', rule: `parameters[${name}]`, message };
}
