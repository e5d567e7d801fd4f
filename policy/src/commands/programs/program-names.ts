import type { Word } from '../shell/words.ts';
import { isKubectl } from './kubectl-aliases.ts';
import { operandForms } from './kubectl-resources.ts';

/** Where a program of a name may lie for a rule that allows it. */
export interface HostExecutable {
  readonly name: string;
  readonly paths: readonly string[];
}

const standard = new Set(['/bin', '/usr/bin', '/usr/local/bin', '/sbin', '/usr/sbin', '/usr/local/sbin']);

/** The last part of a path. */
export const baseName = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

/** Whether the program is named by a path where its name can be trusted, or by its name alone. */
export function isTrustedPath(program: string, executables: readonly HostExecutable[] = []): boolean {
  if (!program.includes('/')) return true;
  const name = baseName(program);
  const entries = executables.filter((executable) => executable.name === name);
  if (entries.length > 0) return entries.some(({ paths }) => paths.includes(program));
  return standard.has(program.slice(0, program.lastIndexOf('/')));
}

const aliases: Readonly<Record<string, string>> = {
  k: 'kubectl',
  kubecolor: 'kubectl',
  oc: 'kubectl',
  h: 'helm',
  tf: 'terraform',
};
const plugins = /^(kubectl|git|docker|helm|oc|podman)-(.+)$/;
// Their first word is a bundle of options, with a dash or without.
const bundling = /^(tar|gtar|bsdtar)$/;

function withDash(letters: Word): Word | undefined {
  if (typeof letters === 'string') return /^[A-Za-z]/.test(letters) ? `-${letters}` : undefined;
  return letters.prefix === '' ? undefined : { ...letters, prefix: `-${letters.prefix}` };
}

/**
 * Other names under which a command is known to anyone who would stop it: without its path, its suffix or its version, as the plugin or
 * the alias that it is, with the dash that tar does without. Each is a whole command line.
 */
export function otherNames(words: readonly Word[]): readonly (readonly Word[])[] {
  const program = words[0];
  if (typeof program !== 'string') return [];
  const base = baseName(program);
  const found: (readonly Word[])[] = [];
  const rest = () => words.slice(1);
  const bare = base.replace(/\.exe$/, '');
  const plain = withoutVersion(bare);
  const names = [base, bare, plain, aliases[plain] ?? plain];
  names.forEach((name, at) => {
    if (name !== program && names.indexOf(name) === at) found.push([name, ...rest()]);
  });
  const letters = words[1];
  if (bundling.test(plain) && letters !== undefined) {
    const dashed = withDash(letters);
    if (dashed) found.push([plain, dashed, ...words.slice(2)]);
  }
  const [, host, plugin] = plugins.exec(base) ?? [];
  if (host !== undefined && plugin !== undefined) found.push([host, ...plugin.split('-'), ...rest()], [host, plugin, ...rest()]);
  return found;
}

/** A command with its operands written out, as anyone who would stop it compares them; `others` are its other names. */
export function operandsWrittenOut(words: readonly Word[], others: readonly (readonly Word[])[]): readonly (readonly Word[])[] {
  return [words, ...others].flatMap((line) => (typeof line[0] === 'string' && isKubectl(line[0]) ? operandForms(line) : []));
}

/** `python3.12` is a python, `kubectl-1.30` a kubectl. */
export const withoutVersion = (name: string): string => name.replace(/[-_.]?v?[0-9][0-9.]*$/, '') || name;
