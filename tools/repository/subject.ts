/** The longest subject of a commit, in characters. */
export const MAX_SUBJECT = 72;

const FORM = /^[a-z0-9][a-z0-9/-]*: \S/;

/**
 * What is wrong with the subject of a commit, one sentence each; empty when nothing is.
 * Merges, reverts and fixups, whose subjects git writes, are always right.
 */
export function subjectFaults(message: string): string[] {
  const subject = message.split('\n').find((line) => !line.startsWith('#')) ?? '';
  if (/^(Merge |Revert "|fixup! |squash! )/.test(subject)) return [];
  const faults: string[] = [];
  if (!FORM.test(subject))
    faults.push('the subject must have the form `scope: imperative summary`, for example `policy: reject …`');
  if (subject.length > MAX_SUBJECT)
    faults.push(`the subject must have at most ${MAX_SUBJECT} characters; it has ${subject.length}`);
  if (subject.endsWith('.')) faults.push('the subject must not end with a full stop');
  return faults;
}
