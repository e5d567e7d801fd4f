import { type AgentAction, digestOf, type EvidenceRequest, type RunReport, type Stage } from '@sentinel/crds';
import { copyOf, silentLogger } from '@sentinel/kube';
import { action, facts, job, NOW, stage } from '../../decide/decide.fixture.ts';
import type { Facts } from '../../facts/facts.ts';
import type { ActContext, Pass } from '../context.ts';
import { LogTurns } from '../log-turns.ts';
import { readOutcome } from '../outcome/read-outcome.ts';

const end = (name: string, exitCode = 0) => ({ name, exitCode, reason: undefined });
export const ended = job({ phase: 'Ended', ends: [end('gate'), end('step-one'), end('end')] });
const report: RunReport = { claimed: true, consumed: [0], unknown: [], recorded: { effects: [], digest: '' } };
export const failed = job({ phase: 'Ended', ends: [end('gate'), end('step-one', 1)] });

interface World {
  readonly log?: (options: { limitBytes?: number; tailLines?: number }) => string | Promise<string>;
  readonly logTurns?: LogTurns;
  readonly onDelete?: () => void;
  readonly store?: ((asked: EvidenceRequest) => Promise<string>) | undefined;
}

/** A context whose evidence store keeps what it is sent. */
export function world({ log = () => 'done\n', store, logTurns = new LogTurns(8), onDelete }: World = {}) {
  const sent: EvidenceRequest[] = [];
  const order: string[] = [];
  const keep = async (asked: EvidenceRequest) => {
    sent.push(asked);
    order.push('store');
    return digestOf(asked.evidence);
  };
  const context = {
    logger: silentLogger,
    logTurns,
    evidence: { store: store ?? keep },
    gateway: {
      report: async () => report,
      rollBack: async () => ({ outcomes: [{ effect: 0, outcome: 'Restored' }], retries: [] }),
    },
    settings: async () => ({ image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true }),
    client: {
      logs: async (_: string, __: string, container: string, options: object) => (container === 'step-one' ? log(options) : ''),
      create: async (_: unknown, made: { metadata: object }) => ({ ...made, metadata: { ...made.metadata, uid: 'made' } }),
      delete: async () => {
        order.push('delete');
        onDelete?.();
      },
    },
  } as unknown as ActContext;
  return { context, sent, order };
}

/** A reconcile of an action. */
export function passOf(of: AgentAction, more: Partial<Facts>): Pass {
  return {
    facts: { ...facts(of, more), namespaceUid: 'n1' },
    action: of,
    draft: copyOf(of.status ?? {}),
    now: NOW,
    afterwards: [],
  };
}

/** Reads the end of a stage, and finds details of the records that say so. */
export async function readEnd(
  given: ReturnType<typeof world>,
  more: Partial<Facts> = { job: ended },
  at: Stage = 'run',
  of = stage(at),
) {
  const pass = passOf(action('Running', { stages: [of] }), more);
  await readOutcome(given.context, pass, at);
  const detail = (transition: string, name: string) =>
    pass.draft.outbox?.records.find((one) => one.transition === transition)?.details?.find((one) => one.name === name)?.value;
  return { pass, detail };
}
