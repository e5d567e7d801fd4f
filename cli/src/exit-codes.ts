import type { CliErrorCode } from './cli-errors.ts';

/** How `kubectl sentinel` ends, for programs. Those of `policy` are other ones. */
export const exitCodes = { done: 0, other: 1, usage: 2, refused: 3, failed: 4, timedOut: 5 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each exit code means; the table of `--help` and of the documentation. */
export const exitCodeMeanings: readonly (readonly [code: ExitCode, name: string, meaning: string])[] = [
  [exitCodes.done, 'done', 'the command did what was asked, or the action ended well: Succeeded, NoEffect, DryRunCompleted'],
  [
    exitCodes.other,
    'error',
    'anything else: an object does not exist, the API server gives no answer, a question was answered with no',
  ],
  [exitCodes.usage, 'usage', 'the command line, a file or the kubeconfig is not valid; nothing was sent'],
  [
    exitCodes.refused,
    'refused',
    'policy, the API server or a person refused it: also an action that ended as Denied or Rejected',
  ],
  [exitCodes.failed, 'failed', 'the action ended without success, for example RunFailed, RolledBack or Cancelled'],
  [exitCodes.timedOut, 'timed out', 'the time of --timeout or --request-timeout is over; an action goes on, or ended as Expired'],
];

const usage: ReadonlySet<CliErrorCode> = new Set([
  'CommandLineInvalid',
  'FlagInvalid',
  'FlagRequired',
  'FlagConflict',
  'ConfirmationRequired',
  'KubeconfigInvalid',
  'FileInvalid',
  'NameAmbiguous',
]);
const refused: ReadonlySet<string> = new Set([
  'AccessDenied',
  'NotAuthenticated',
  'RequestRefused',
  // What policy would refuse, and is not sent.
  'CommentRequired',
  'TicketRequired',
]);

/** The exit code of an error, by its first code: those of the API server and of Sentinel in the cluster are refusals. */
export function exitCodeOf(code: string, isOwn: boolean): ExitCode {
  if (!isOwn) return exitCodes.refused;
  if (code === 'TimedOut') return exitCodes.timedOut;
  if (usage.has(code as CliErrorCode)) return exitCodes.usage;
  return refused.has(code) ? exitCodes.refused : exitCodes.other;
}

/** The exit code of an action that has ended in a state without success. */
export function exitCodeOfState(state: string): ExitCode {
  if (state === 'Denied' || state === 'Rejected') return exitCodes.refused;
  return state === 'Expired' ? exitCodes.timedOut : exitCodes.failed;
}

/** The table as text for `--help`. */
export const exitCodeHelp = (): string =>
  ['Exit codes:', ...exitCodeMeanings.map(([code, name, meaning]) => `  ${code}  ${name.padEnd(9)}  ${meaning}`)].join('\n');
