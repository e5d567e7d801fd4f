import { createClient } from '@sentinel/kube';
import { type Fault, MemoryApi } from '../enforce/memory-api.fixture.ts';
import type { ClaimRequest } from './claim.ts';
import { Ledger } from './store.ts';

export const LEDGER = '/api/v1/namespaces/sentinel-ledger';
export const action = { namespace: 'shop', name: 'fix', uid: 'a' };
export const replica = { address: '10.0.0.1', process: 'one' };
const plan = { digest: 'sha256:aa', effects: 1, risk: 'Low', rollback: 'PreImages', checks: 0 } as const;
/** How a rehearsal and a real run are claimed. */
export const rehearsal: ClaimRequest = { jobUid: 'j1', podUid: 'p1', replica, action, account: 'x', now: 1 };
export const run: ClaimRequest = { ...rehearsal, plan };

/** A ledger on an empty API server; `fault` says what goes wrong with a request. */
export function open(fault: (method: string, path: string) => Fault | undefined = () => undefined) {
  const api = new MemoryApi();
  const transport = api.connect(
    ({ method, path }) => fault(method, path),
    () => false,
  );
  return { api, ledger: new Ledger(createClient(transport, { readRetries: 0 })) };
}
