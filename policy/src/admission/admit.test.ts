import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentActionSpec } from '@sentinel/crds';
import { readPolicy } from '../policyset/compile.ts';
import { aPlaybook } from '../testing/playbook.fixture.ts';
import { agentPolicy, aPolicySet } from '../testing/policies.fixture.ts';
import { type PolicyErrorCode, remedyOf } from '../verdict/policy-errors.ts';
import { causesOf, codesOf, explain, explainAll } from '../verdict/verdict.ts';
import { type AdmissionFacts, admit, suspendedBy } from './admit.ts';

const playbook = aPlaybook;
const policies = (more: object = {}, environment?: string) =>
  aPolicySet([agentPolicy({ modes: ['DryRun', 'Apply'], ...more })], { environment });
const spec = (more: Partial<AgentActionSpec> = {}): AgentActionSpec => ({
  intent: { summary: 's' },
  playbookRef: { name: 'fix' },
  mode: 'Apply',
  cancelled: false,
  ...more,
});
const record = { playbook: '', digest: '', user: '', groups: [], time: '', key: '', seal: '' };
const facts = (more: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  spec: spec(),
  policies: policies(),
  playbook: playbook(),
  trust: { trusted: true, by: record },
  mayUseAccount: true,
  ...more,
});

describe('An action', () => {
  it('is admitted when nothing speaks against it', () => assert.deepEqual(admit(facts()), []));

  const refused: Record<string, { facts: AdmissionFacts; sentence: string; code: PolicyErrorCode }> = {
    'whose environment is another than it claims': {
      facts: facts({ spec: spec({ target: { environment: 'staging' } }), policies: policies({}, 'production') }),
      sentence: "the action claims the environment 'staging', but the namespace is 'production' (Sentinel: environment)",
      code: 'EnvironmentMismatch',
    },
    'that claims an environment if there is none': {
      facts: facts({ spec: spec({ target: { environment: 'staging' } }) }),
      sentence: "the action claims the environment 'staging', but the namespace is 'none' (Sentinel: environment)",
      code: 'EnvironmentMismatch',
    },
    'that was filed by a tool of a server whose tools are pinned, as a claim brings no digest': {
      facts: facts({
        spec: spec({ intent: { summary: 's', tool: { server: 'https://mcp', name: 'x' } } }),
        policies: policies({ mcpServers: { allow: [{ url: 'https://mcp', schemaDigest: `sha256:${'a'.repeat(64)}` }] } }),
      }),
      sentence:
        "the policy pins the tools of 'https://mcp' by digest, and the call has no digest (schemaDigest) (AgentPolicy/p: mcpServers.allow[0].schemaDigest)",
      code: 'ToolNotAllowed',
    },
    'while a policy is suspended': {
      facts: facts({ policies: policies({ suspended: true }) }),
      sentence: 'the kill switch is on (AgentPolicy/p: suspended)',
      code: 'PolicySuspended',
    },
    'whose mode is beyond the ceiling': {
      facts: facts({ policies: policies({ modes: ['DryRun'] }) }),
      sentence: "mode 'Apply' is not allowed; allowed: DryRun (AgentPolicy/p: modes)",
      code: 'ModeNotAllowed',
    },
    'in an environment that is not allowed': {
      facts: facts({ policies: policies({ environments: { allow: ['staging'] } }, 'production') }),
      sentence: "environment 'production' is not allowed; allowed: staging (AgentPolicy/p: environments)",
      code: 'EnvironmentNotAllowed',
    },
    'in no environment where some are allowed': {
      facts: facts({ policies: policies({ environments: { allow: ['staging'] } }) }),
      sentence: "environment 'none' is not allowed; allowed: staging (AgentPolicy/p: environments)",
      code: 'EnvironmentNotAllowed',
    },
    'in an environment that is allowed and denied': {
      facts: facts({ policies: policies({ environments: { allow: ['staging'], deny: ['staging'] } }, 'staging') }),
      sentence: "environment 'staging' is not allowed; allowed: staging (AgentPolicy/p: environments)",
      code: 'EnvironmentNotAllowed',
    },
    'in an environment that is denied': {
      facts: facts({ policies: policies({ environments: { deny: ['production'] } }, 'production') }),
      sentence: "environment 'production' is not allowed; allowed: any that is not denied (AgentPolicy/p: environments)",
      code: 'EnvironmentNotAllowed',
    },
    'with a Playbook that is not on the list': {
      facts: facts({ policies: policies({ playbooks: { allow: ['other', 'third'] } }) }),
      sentence: "Playbook 'fix' is not allowed; allowed: other, third (AgentPolicy/p: playbooks.allow)",
      code: 'PlaybookNotAllowed',
    },
    'with a Playbook that is not trusted': {
      facts: facts({ trust: { trusted: false, why: 'nobody has sealed its digest' } }),
      sentence: 'the Playbook is not trusted: nobody has sealed its digest (AgentPolicy/p: playbooks.trustedOnly)',
      code: 'PlaybookNotTrusted',
    },
    'without a Playbook': {
      facts: facts({ playbook: undefined }),
      sentence: "there is no Playbook 'fix' in this namespace (Sentinel: playbook)",
      code: 'PlaybookNotFound',
    },
    'with a Playbook that somebody has deleted, and a finalizer keeps': {
      facts: facts({
        playbook: { ...playbook(), metadata: { ...playbook().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      }),
      sentence: "Playbook 'fix' is being deleted (Sentinel: playbook)",
      code: 'PlaybookNotFound',
    },
    'with a Playbook that is for rehearsals only': {
      facts: facts({ playbook: playbook({ autonomy: 'Observe' }) }),
      sentence: "the Playbook is for rehearsals only (autonomy 'Observe') (Playbook/fix: autonomy)",
      code: 'PlaybookObservesOnly',
    },
    'whose parameters are wrong': {
      facts: facts({ spec: spec({ parameters: [{ name: 'q', value: '1' }] }) }),
      sentence: "parameter 'q' is not declared; declared: none (Playbook: parameters[q])",
      code: 'ParameterNotDeclared',
    },
    'whose requester may not use the account': {
      facts: facts({ mayUseAccount: false }),
      sentence: "the requester needs the verb 'use' on accounts.sentinel.dev/remediator and does not hold it (RBAC: use)",
      code: 'AccountNotAllowed',
    },
    'whose right to the account could not be asked': {
      facts: facts({ mayUseAccount: undefined }),
      sentence: "the requester needs the verb 'use' on accounts.sentinel.dev/remediator and could not be asked (RBAC: use)",
      code: 'AccountNotAllowed',
    },
  };
  for (const [name, { facts: given, sentence, code }] of Object.entries(refused)) {
    it(`is refused ${name}`, () => assert.deepEqual(admit(given).map(explain), [`${sentence}. ${remedyOf(code)}`]));
  }

  const admitted: Record<string, AdmissionFacts> = {
    'as a dry-run of a Playbook for rehearsals': facts({
      playbook: playbook({ autonomy: 'Observe' }),
      spec: spec({ mode: 'DryRun' }),
    }),
    'with an untrusted Playbook where policy allows it': facts({
      trust: { trusted: false, why: 'x' },
      policies: policies({ playbooks: { trustedOnly: false } }),
    }),
    'in no environment where only some are denied': facts({ policies: policies({ environments: { deny: ['production'] } }) }),
  };
  for (const [name, given] of Object.entries(admitted)) it(`is admitted ${name}`, () => assert.deepEqual(admit(given), []));

  it('is told every reason at once, those of each policy and what is missing', () => {
    const missing = { code: 'ClusterPolicyMissing' as const, policy: 'Sentinel', rule: 'floor', message: 'm' };
    const two = { ...policies({ suspended: true, modes: ['DryRun'] }), refusals: [missing] };
    const rules = admit(facts({ policies: two, mayUseAccount: false })).map(({ rule }) => rule);
    assert.deepEqual(rules, ['floor', 'suspended', 'modes', 'use']);
  });

  it('is told what stops it, by name, and a policy that cannot be read stops nothing twice', () => {
    const unreadable = { kind: 'AgentPolicy' as const, name: 'bad', digest: '', spec: undefined };
    const { policies: list } = policies({ suspended: true });
    assert.deepEqual(suspendedBy(aPolicySet([...list, unreadable])), ['AgentPolicy/p']);
  });

  it('is stopped by a kill switch in a policy that only audits, and in one that cannot be read for other faults', () => {
    const auditing = { ...policies({}), auditOnly: policies({ suspended: true }).policies };
    assert.deepEqual(suspendedBy(auditing), ['AgentPolicy/p']);
    assert.deepEqual(
      admit(facts({ policies: auditing })).map(({ rule }) => rule),
      ['suspended'],
    );
    const spec = { suspended: true, modes: ['Apply'], freeze: [{ schedule: 'never', duration: '1h' }] };
    const faulty = {
      kind: 'AgentPolicy' as const,
      name: 'bad',
      ...readPolicy({ kind: 'AgentPolicy', metadata: { name: 'bad' }, spec: spec as never }),
    };
    assert.equal(faulty.spec, undefined);
    assert.deepEqual(suspendedBy({ ...policies({}), policies: [faulty] }), ['AgentPolicy/bad']);
  });

  it('is told no more than fits', () => {
    const long = Array.from({ length: 50 }, () => ({
      code: 'PolicyInvalid' as const,
      policy: 'P',
      rule: 'r',
      message: 'm'.repeat(900),
    }));
    assert.equal(explainAll(long).length, 1800);
    assert.ok(explainAll(long).endsWith('…'));
    const causes = causesOf(long);
    assert.equal(causes.length, 32);
    assert.ok(causes.every(({ message }) => message.length === 512 && message.endsWith('…')));
  });

  it('is told each reason with its code, for programs', () => {
    const given = facts({ policies: policies({ suspended: true, modes: ['DryRun'] }), mayUseAccount: false });
    const causes = causesOf(admit(given));
    assert.deepEqual(
      causes.map(({ reason }) => reason),
      ['PolicySuspended', 'ModeNotAllowed', 'AccountNotAllowed'],
    );
    assert.match(
      causes[1]?.message ?? '',
      /^mode 'Apply' is not allowed; allowed: DryRun \(AgentPolicy\/p: modes\)\. Create the action with a mode /,
    );
    assert.deepEqual(codesOf([...admit(given), ...admit(given)]), ['PolicySuspended', 'ModeNotAllowed', 'AccountNotAllowed']);
  });
});
