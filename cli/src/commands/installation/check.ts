import type { Read } from './read-facts.ts';

/** What was found about one thing. */
export interface Check {
  readonly name: string;
  /** `skip`: it could not be looked at. */
  readonly verdict: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  /** What to do next; absent if nothing has to be done. */
  readonly next?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, verdict: 'ok', detail });
export const warn = (name: string, detail: string, next: string): Check => ({ name, verdict: 'warn', detail, next });
export const fail = (name: string, detail: string, next: string): Check => ({ name, verdict: 'fail', detail, next });
export const skip = (name: string, why: string): Check => ({
  name,
  verdict: 'skip',
  detail: `not checked: ${why}`,
  ...(why === 'you may not read it' ? { next: 'ask somebody who administers the cluster to run this' } : {}),
});

/** Judges what was read; a thing that could not be read is not checked. */
export const read = <T>(name: string, found: Read<T>, judge: (value: T | null) => Check): Check =>
  'unread' in found ? skip(name, found.unread) : judge(found.value);
