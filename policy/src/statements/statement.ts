import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type SealKeys, sealFault, sealRecord } from '../approval/seal.ts';

/** The detail of an audit record that carries a statement: the JSON text that the gateway sealed, as it came. */
export const STATEMENT_DETAIL = 'sentinel.gateway.statement';
/** Why a record has no statement although one belongs there. It is not signed, and `audit verify` reports it. */
export const UNSTATED_DETAIL = 'sentinel.gateway.unstated';
/** The most characters of a statement: that of a detail of an audit record. */
export const STATEMENT_MAX = 1024;

const sealed = { time: z.string(), action: z.string(), key: z.string(), seal: z.string() };

/** What a rehearsal saw, by the gateway that served it. */
const Rehearsal = z.strictObject({
  kind: z.literal('Rehearsal'),
  /** The uid of the Job of the rehearsal. */
  job: z.string(),
  account: z.string(),
  /** That the action was filed for a dry run: a plan of this rehearsal cannot be run. */
  mode: z.literal('DryRun').optional(),
  /** Digest of the recording that the gateway keeps. */
  recording: z.string(),
  /** How many writes it saw. */
  effects: z.int().min(0),
  /** Digest of the effects as a plan shows them; missing if there is no plan. */
  shown: z.string().optional(),
  /** Digest of the plan without what only the operator counts: see `statedPlan`. Missing if there is no plan. */
  plan: z.string().optional(),
  ...sealed,
});
export type RehearsalStatement = z.infer<typeof Rehearsal>;

/** The facts about the run of an action from the gateway's ledger. The form is the same after the run, after a rollback, and at the end of the action. */
const Run = z.strictObject({
  kind: z.literal('Run'),
  /** The uid of the Job that ran it. Missing: no Job has, and from this moment on none can. */
  job: z.string().optional(),
  /** The digest of the plan that the run was claimed with. */
  plan: z.string().optional(),
  account: z.string().optional(),
  /** When the run was claimed, by the clock of the gateway. */
  claimed: z.string().optional(),
  /** How each approved effect stands, in their order: see `packStates`. */
  effects: z.string().optional(),
  /** How many checks verify the run. */
  checks: z.int().min(0).optional(),
  /** Whether the run was refused something, and so was stopped. */
  blocked: z.literal(true).optional(),
  /** Whether the gateway saw every step of a run without checks end well. */
  endedWell: z.literal(true).optional(),
  /** Whether the gateway saw every check end well. */
  verified: z.literal(true).optional(),
  /** Whether the run is over: nothing of it is sent or rolled back any more. */
  over: z.literal(true).optional(),
  ...sealed,
});
export type RunStatement = z.infer<typeof Run>;

const Statement = z.discriminatedUnion('kind', [Rehearsal, Run]);
export type Statement = z.infer<typeof Statement>;

type Unsealed<T> = T extends unknown ? Omit<T, 'key' | 'seal'> : never;

/** Seals a statement; returns the text for records. Throws if it does not fit into one. */
export function sealStatement(statement: Unsealed<Statement>, { id, privateKey }: { id: string; privateKey: KeyObject }): string {
  const text = JSON.stringify(sealRecord(statement, id, privateKey));
  if (text.length > STATEMENT_MAX) throw new Error(`a statement has ${text.length} characters, and at most ${STATEMENT_MAX} fit`);
  return text;
}

/** Parses the text of a statement; undefined if it is not a statement. Does not verify it. */
export function parseStatement(text: string): Statement | undefined {
  try {
    return Statement.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Why a statement is not valid: its seal, or another action. Undefined if it is valid. Without keys, seals are not verified. */
export function statementFault(statement: Statement, action: string, keys: SealKeys | undefined): string | undefined {
  const fault = keys && sealFault(statement, keys);
  if (fault !== undefined) return fault;
  return statement.action === action ? undefined : 'it is for another action';
}
