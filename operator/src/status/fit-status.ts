import { type AgentAction, OLDER_RECORDS } from '@sentinel/crds';
import { storedSize } from '@sentinel/kube';
import type { Draft } from './conditions.ts';
import { cut } from './text.ts';

/**
 * The maximum size of an action. etcd accepts 1.5 MiB per request by default; the rest is for the managed fields of the status, which the
 * API server adds.
 */
export const ACTION_MAX = 1_400_000;
/** If a cluster accepts less, the size is halved down to this value; after that no more parts can be left out. */
export const ACTION_MINIMUM = 50_000;
/** A part of a status that can be left out. Decisions and proofs are never left out. */
interface Cut {
  readonly part: string;
  readonly shorten: (status: Draft, stored: number) => Draft;
}

// In the order in which they are left out. State, reasons, digests, Job uids, targets, head and cursor of the trail are always kept.
const cuts: readonly Cut[] = [
  {
    part: 'results',
    shorten: (status) => ({
      ...status,
      ...(status.results && {
        results: status.results.map((result) =>
          result.content.length <= 256 ? result : { ...result, content: cut(result.content, 256), truncated: true },
        ),
      }),
    }),
  },
  {
    part: 'rollback messages',
    shorten: (status) => ({
      ...status,
      ...(status.rollback && { rollback: status.rollback.map(({ effect, outcome }) => ({ effect, outcome })) }),
    }),
  },
  {
    part: 'stage messages and steps',
    shorten: (status) => ({
      ...status,
      ...(status.stages && {
        stages: status.stages.map(({ steps: _, message, evidenceMissing, ...stage }) => ({
          ...stage,
          ...(message === undefined ? {} : { message: cut(message, 128) }),
          ...(evidenceMissing === undefined ? {} : { evidenceMissing: cut(evidenceMissing, 128) }),
        })),
      }),
    }),
  },
  {
    part: 'comments of decisions',
    shorten: (status) => ({
      ...status,
      ...(status.decisions && {
        decisions: status.decisions.map(({ comment: _, why, ...decision }) => ({
          ...decision,
          ...(why === undefined ? {} : { why: cut(why, 64) }),
        })),
      }),
      ...(status.standingApprovals && {
        standingApprovals: status.standingApprovals.map(({ comment: _, why, ...approval }) => ({
          ...approval,
          ...(why === undefined ? {} : { why: cut(why, 64) }),
        })),
      }),
    }),
  },
  {
    part: 'condition messages',
    shorten: (status) => ({
      ...status,
      ...(status.conditions && {
        conditions: status.conditions.map((condition) => ({ ...condition, message: cut(condition.message, 256) })),
      }),
    }),
  },
  { part: 'acknowledged audit records', shorten: withoutAcknowledged },
  { part: OLDER_RECORDS, shorten: withoutOlder },
];

/**
 * The status of an action in a form that can be stored: complete if the action then has at most `most` bytes, otherwise without as many parts
 * as necessary, which `shortened` names. The last form is the minimal one, from which nothing can be left out.
 */
export function fitStatus(action: AgentAction, status: Draft, most = ACTION_MAX): Draft {
  const room = most - storedSize({ ...action, status: {} });
  let fitted = status;
  const shortened = [...(status.shortened ?? [])];
  for (const { part, shorten } of cuts) {
    if (storedSize(fitted) <= room) break;
    const next = shorten(fitted, action.status?.outbox?.sequence ?? 0);
    if (storedSize(next) === storedSize(fitted)) continue;
    if (!shortened.includes(part)) shortened.push(part);
    fitted = { ...next, shortened };
  }
  return fitted;
}

function withoutAcknowledged(status: Draft): Draft {
  const { outbox } = status;
  if (!outbox) return status;
  const last = outbox.records.at(-1);
  const records = outbox.records.filter((record) => record === last || record.sequence > outbox.exported);
  return { ...status, outbox: { ...outbox, records } };
}

/** How many stored records the minimal form keeps. */
const NEWEST = 4;

// The newest records say how it ended. `audit verify` reports the gap, because the cursor shows that no sink has them. Records that are not
// stored yet are always kept: they exist nowhere else, and the API server refuses a record that does not follow the last one.
function withoutOlder(status: Draft, stored: number): Draft {
  const { outbox } = status;
  if (!outbox) return status;
  const first = Math.min(outbox.sequence - NEWEST, stored);
  return { ...status, outbox: { ...outbox, records: outbox.records.filter(({ sequence }) => sequence > first) } };
}
