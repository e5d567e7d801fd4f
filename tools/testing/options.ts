/** What one start of the runner is asked to run. */
export type Task =
  | { readonly kind: 'check' }
  | { readonly kind: 'test' }
  | { readonly kind: 'ci' }
  | { readonly kind: 'suite'; readonly suite: string }
  | { readonly kind: 'file'; readonly file: string };

/** Reads the arguments of tools/test.ts. Throws when they do not make sense. */
export function readTask(args: readonly string[]): Task {
  if (args.length === 0) return { kind: 'test' };
  const [option = '', ...more] = args;
  if (more.length > 0) throw new Error(`one option at a time: ${args.join(' ')}`);
  const [name, value = ''] = option.split(/=(.*)/s);
  if (option === '--fast') return { kind: 'check' };
  if (option === '--ci') return { kind: 'ci' };
  if (name === '--suite' && value !== '') return { kind: 'suite', suite: value };
  if (name === '--file' && value !== '') return { kind: 'file', file: value.replace(/^\.\//, '') };
  throw new Error(`unknown option ${option}; use --fast, --ci, --suite=NAME or --file=FILE`);
}
