import type { Resolved, RunReport } from '@sentinel/crds';
import { type Entry, isOpen, lastOrder, type Order, openOrder } from '../ledger/entry.ts';
import { nameOf } from './judge-write.ts';

const OBJECT_MAX = 512;
const WHY_MAX = 1024;
const MESSAGE_MAX = 512;

type Reported = Pick<RunReport, 'consumed' | 'unknown' | 'accepted' | 'rolledBack' | 'refused' | 'resolutions'>;

/** The report about the effects of a run, from its entries. */
export function reportOf(entries: readonly Entry[]): Reported {
  const indices = (matches: (entry: Entry) => boolean) => entries.filter(matches).map(({ target }) => target.index);
  return {
    consumed: indices((entry) => entry.state === 'Done' && !isTakenBack(entry)),
    unknown: entries.filter(isOpen).map(({ target, why }) => ({
      effect: target.index,
      object: nameOf(target).slice(0, OBJECT_MAX),
      why: `it was sent, and it may or may not have been applied: ${why ?? 'no answer came'}`.slice(0, WHY_MAX),
    })),
    accepted: indices(({ state }) => state === 'Accepted'),
    rolledBack: indices((entry) => entry.state === 'Done' && isTakenBack(entry)),
    refused: entries.flatMap(({ state, target, why }) =>
      state === 'Refused' && why !== undefined ? [{ effect: target.index, why }] : [],
    ),
    resolutions: entries.flatMap((entry) => (entry.orders ?? []).flatMap((order) => resolvedOf(entry, order))),
  };
}

// A person ordered its rollback, successful or not: it does not count as carried out.
const isTakenBack = (entry: Entry) => lastOrder(entry)?.resolution === 'roll-back';

function resolvedOf(entry: Entry, order: Order): Resolved[] {
  if (order === openOrder(entry)) return [];
  const { resolution, user, time, refused } = order;
  const outcome = refused === undefined ? 'Applied' : 'Refused';
  const message = (refused ?? appliedAs(entry, order)).slice(0, MESSAGE_MAX);
  return [{ effect: entry.target.index, resolution, user, time, outcome, message }];
}

function appliedAs(entry: Entry, { resolution }: Order): string {
  if (resolution === 'accept') return 'it is accepted as it is stored';
  if (resolution === 'redo') return 'it is applied, as it was approved';
  return entry.state === 'Refused'
    ? 'it was not applied, and cannot be any more: there was nothing to roll back'
    : 'it was applied, and is rolled back';
}
