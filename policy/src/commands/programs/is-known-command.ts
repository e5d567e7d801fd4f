import { builtins } from './builtins.ts';
import { dangerous } from './dangerous.ts';
import { codeRunners } from './interpreters.ts';
import { globalOptions } from './options.ts';
import { baseName, withoutVersion } from './program-names.ts';
import { safe } from './safe.ts';
import { wrappers } from './wrappers.ts';

/** Whether a name has a meaning here, as a program or as a builtin. */
export function known(name: string): boolean {
  return [baseName(name), withoutVersion(baseName(name))].some(
    (one) =>
      safe.has(one) ||
      dangerous.has(one) ||
      one in globalOptions ||
      builtins.has(one) ||
      wrappers.has(one) ||
      codeRunners.has(one),
  );
}
