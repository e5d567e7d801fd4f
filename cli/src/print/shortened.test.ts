import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { ok, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

const plan = aPlan();
const withShortened = (shortened: string[] | undefined, state = 'Succeeded'): AgentAction => {
  const action = anAction(plan, state);
  return { ...action, status: { ...action.status, ...(shortened ? { shortened } : {}) } };
};
const serve = (action: AgentAction) => (request: { path: string }) => ok(request.path.includes('/actionplans/') ? plan : action);

describe('A status that was too large to be stored whole', () => {
  for (const view of ['plan', 'report', 'watch'])
    it(`is told by ${view}: what is missing, and where the whole is`, async () => {
      const { out } = await runAgainst(serve(withShortened(['results', 'comments of decisions', 'a later part'])), [
        view,
        'repair-web',
      ]);
      assert.match(out, /SHORTENED {2}the action was too large to be stored whole/);
      assert.match(out, / {2}results: only the beginning of each result is kept; the rest is lost\n/);
      assert.match(out, / {2}comments of decisions: comments are in the audit records Decided/);
      assert.match(out, / {2}a later part: the audit trail may have the complete data\n/);
      assert.match(out, /kubectl sentinel audit show repair-web -n shop/);
      assert.doesNotMatch((await runAgainst(serve(withShortened(undefined)), [view, 'repair-web'])).out, /SHORTENED/);
    });
});
