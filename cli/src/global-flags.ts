import { type Command, Option } from 'commander';
import { UsageError } from './usage-error.ts';

/** Flags that every command takes, as kubectl has them. */
export interface GlobalFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly kubeconfig?: string;
  readonly server?: string;
  readonly token?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  readonly as?: string;
  readonly asGroup?: string[];
  readonly asUid?: string;
  readonly requestTimeout?: number;
  readonly v?: number;
  readonly output?: string;
  /** False with `--no-headers`. */
  readonly headers?: boolean;
  readonly pager?: boolean;
}

/** Collects the values of a flag that may be repeated. */
export const repeat = (value: string, before: string[] = []) => [...before, value];

/** Flags that help does not repeat for each command; that of the whole program lists them. */
const connection: readonly (readonly [flags: string, description: string])[] = [
  ['--cluster <name>', 'cluster of the kubeconfig'],
  ['--user <name>', 'user of the kubeconfig'],
  ['-s, --server <address>', 'address of the API server'],
  ['--token <token>', 'bearer token'],
  ['--certificate-authority <file>', 'certificate of the authority of the API server'],
  ['--client-certificate <file>', 'client certificate'],
  ['--client-key <file>', 'key of the client certificate'],
  ['--insecure-skip-tls-verify', 'do not verify the certificate of the API server'],
  ['--tls-server-name <name>', 'name to verify in the certificate of the API server'],
  ['--as-uid <uid>', 'uid to impersonate'],
];

/** Flags that every command takes, before or after its name. `own` are those that the command has with another meaning. */
export function acceptCommonFlags(command: Command, own: readonly string[] = []): Command {
  const taken = (flags: string) => own.some((one) => new RegExp(`(^|, )${one}( |$)`).test(flags));
  command
    .option('-n, --namespace <namespace>', 'namespace; that of the context when left out')
    .option('--context <context>', 'context of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, files that do not exist left out')
    .option(
      '--no-pager',
      'print long texts without a pager; the default on a terminal is $KUBECTL_SENTINEL_PAGER, $PAGER or less',
    )
    .option('--as <user>', 'user name to impersonate')
    .option('--as-group <group>', 'group to impersonate; may be repeated', repeat)
    .addOption(
      new Option('--request-timeout <time>', 'give up a request after this time: 30s, 2m; 0 never; default 30s').argParser(
        milliseconds('--request-timeout'),
      ),
    )
    .addOption(new Option('-v, --v <level>', '6 prints each request to stderr, 8 also its body').argParser(level));
  for (const [flags, description] of connection)
    if (!taken(flags)) command.addOption(new Option(flags, description).hideHelp(command.parent !== null));
  return command;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a time as kubectl does: `90s`, `1h30m`, or a number of seconds. Throws UsageError. */
export const milliseconds =
  (flag: string) =>
  (text: string): number => {
    if (/^\d+$/.test(text)) return Number(text) * 1000;
    if (!/^(\d+(ms|s|m|h|d))+$/.test(text))
      throw new UsageError('FlagInvalid', `${flag} must be a time such as 30s, 5m or 1h30m, not '${text}'`);
    return [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce(
      (sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS],
      0,
    );
  };

// kubectl takes -v=6, -v 6 and -v6.
function level(text: string): number {
  const number = text.replace(/^=/, '');
  if (!/^\d{1,2}$/.test(number)) throw new UsageError('FlagInvalid', `--v must be a number, not '${text}'`);
  return Number(number);
}

/** The flag `--output`, only for commands that use it: a flag that is accepted and ignored is misleading. */
export const acceptOutput = (command: Command, formats = 'json, yaml or jsonpath=TEMPLATE'): Command =>
  command.option('-o, --output <format>', formats);
/** The flag `--output` of commands that print objects. */
export const acceptObjectOutput = (command: Command): Command =>
  acceptOutput(command, 'json, yaml, name, jsonpath=TEMPLATE or custom-columns=HEADING:PATH,…');
/** The flag `--output` of commands that print tables of objects. */
export const acceptTableOutput = (command: Command): Command =>
  acceptNoHeaders(acceptOutput(command, 'wide, json, yaml, name, jsonpath=TEMPLATE or custom-columns=HEADING:PATH,…'));
/** The flag `--no-headers` of tables. */
export const acceptNoHeaders = (command: Command): Command =>
  command.option('--no-headers', 'print tables without their headings');
/** The flag `--all-namespaces`. */
export const acceptAllNamespaces = (command: Command): Command => command.option('-A, --all-namespaces', 'all namespaces');
/** The flag `--selector`. */
export const acceptSelector = (command: Command): Command =>
  command.option('-l, --selector <selector>', 'labels, such as team=shop');

/** Adds a command with the flags that every command takes. `own` are flags of these that it has with another meaning. */
export const addCommand = (
  parent: Command,
  usage: string,
  description: string,
  { own, isDefault = false }: { readonly own?: readonly string[]; readonly isDefault?: boolean } = {},
): Command => {
  const command = acceptCommonFlags(parent.command(usage, { isDefault }).description(description), own);
  return command.showHelpAfterError(`(see '${pathOf(command)} --help')`);
};

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name());
