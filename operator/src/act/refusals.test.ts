import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileCommands, type PolicySet, policyName } from '@sentinel/policy';
import { action, facts, NOW, playbook, playbookSpec, policies } from '../decide/decide.fixture.ts';
import { decideNextStep } from '../decide/next-step.ts';
import type { Facts } from '../facts/facts.ts';
import { endAsDecided } from './end/end.ts';
import { keptAudit } from './jobs/start-job.ts';

const COMMAND = 'login --password=hunter22';

const denying = (dataHandling: object, name = 'floor'): PolicySet => {
  const set = policies({ dataHandling, commands: [{ prefix: ['login'], decision: 'Deny' }] });
  return {
    ...set,
    policies: set.policies.map((one) => ({
      ...one,
      name,
      commands: compileCommands({ name: policyName({ ...one, name }), commands: one.spec?.commands ?? [] }),
    })),
  };
};
const steps = [{ name: 'one', command: COMMAND.split(' ') }];
const given = (more: Partial<Facts>) =>
  facts(action('Pending'), { playbook: { ...playbook, spec: { ...playbookSpec, steps } }, live: true, ...more });

async function ended(parameters: string, command = COMMAND.split(' ')): Promise<string> {
  const spec = { ...playbookSpec, steps: [{ name: 'one', command }] };
  const seen = given({ policies: denying({ parameters }), playbook: { ...playbook, spec } });
  const step = decideNextStep(seen);
  assert.equal(step.kind, 'End');
  const pass = { facts: seen, action: seen.action, draft: {}, now: NOW, afterwards: [] };
  if (step.kind === 'End') await endAsDecided(pass, step);
  return JSON.stringify(pass.draft);
}

describe('A refusal', () => {
  it('quotes a command with secrets masked, in conditions as well as in records', async () => {
    const draft = await ended('Redacted');
    assert.match(draft, /'login --password=<redacted>' is denied/);
    assert.equal(draft.includes('hunter22'), false);
    assert.ok((await ended('Stored')).includes(COMMAND));
  });
  it('has its codes in the last record, for programs', async () => {
    const { outbox } = JSON.parse(await ended('Stored')) as {
      outbox: { records: { details: { name: string; value: string }[] }[] };
    };
    const details = outbox.records.at(-1)?.details ?? [];
    assert.equal(details.find(({ name }) => name === 'sentinel.refusal.codes')?.value, 'CommandDenied');
  });
  it('quotes no half of a secret', async () => {
    const draft = await ended('Redacted', ['login', 'x'.repeat(130), `ghp_${'a1B2'.repeat(9)}`]);
    assert.match(draft, /'login x{130} …' is denied/);
  });
  it('quotes none where policy keeps no values of parameters', async () => {
    for (const parameters of ['Hashed', 'Dropped']) {
      const draft = await ended(parameters);
      assert.match(draft, /'<redacted>' is denied/);
      assert.equal(draft.includes('--password'), false);
    }
  });
  it('quotes no value either', async () => {
    const parameters = [{ name: 'count', type: 'Integer' as const, required: true, allowLeadingDash: false }];
    const message = (handling: string) => {
      const seen = given({
        policies: denying({ parameters: handling }),
        playbook: { ...playbook, spec: { ...playbookSpec, parameters } },
      });
      seen.action.spec.parameters = [{ name: 'count', value: 'hunter22' }];
      const step = decideNextStep(seen);
      return step.kind === 'End' ? step.message : '';
    };
    assert.match(message('Redacted'), /must be a whole number, not 'hunter22'/);
    assert.match(message('Dropped'), /must be a whole number, not '<redacted>'/);
  });
  it('that is only audited is handled in the same way', async () => {
    const audited = async (parameters: string) => {
      const auditOnly = denying({}, 'audit').policies;
      const found = await keptAudit(given({ policies: { ...policies({ dataHandling: { parameters } }), auditOnly } }));
      return found.map(({ message }) => message).join();
    };
    assert.match(await audited('Redacted'), /'login --password=<redacted>' is denied/);
    assert.match(await audited('Dropped'), /'<redacted>' is denied/);
  });
});
