import { generateKeyPairSync } from 'node:crypto';
import { type ActionPlan, type AgentAction, API_VERSION, annotations, chainRecord, digestOf } from '@sentinel/crds';
import { STATEMENT_DETAIL, sealStatement, statedEffects, statedPlan, summarizeEffects } from '@sentinel/policy';

const signing = generateKeyPairSync('ed25519');
/** The key with which the gateway signs in tests. */
export const statementKey = { id: 'gateway-1', privateKey: signing.privateKey };
export const statementKeys = new Map([['gateway-1', signing.publicKey]]);
/** The ConfigMap that publishes it. */
export const publishedStatementKeys = {
  metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
  data: { 'gateway-1': signing.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') },
};

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
export const NOW = Date.parse('2026-03-02T10:30:00Z');

/** A plan as the operator writes it, with everything that can be in one, and some of it hostile. */
export function aPlan(change: Partial<ActionPlan['spec']> = {}): ActionPlan {
  return {
    apiVersion: API_VERSION,
    kind: 'ActionPlan',
    metadata: { name: 'repair-web-1', namespace: 'shop' },
    spec: {
      action: { name: 'repair-web', uid: 'uid-1', generation: 1 },
      attempt: 1,
      requester: 'system:serviceaccount:shop:repair-agent',
      playbook: { name: 'set-image', digest: digest('a') },
      account: 'remediator',
      environment: 'staging',
      template: digest('b'),
      says: {
        summary: 'Set the image of web to 1.2.4.\n\u001b[2K\rRISK  Low',
        expect: 'The Deployment is available with the new image.',
      },
      undeclared: ['delete configmaps web-cache is not in the announcement'],
      steps: [{ name: 'set', command: ['kubectl', 'set', 'image', 'deployment/web', 'web=registry.acme.io/web:1.2.4'] }],
      verify: [{ name: 'ready', command: ['kubectl', 'rollout', 'status', 'deployment/web', '--timeout=120s'] }],
      effects: [
        {
          index: 0,
          verb: 'patch',
          apiGroup: 'apps',
          version: 'v1',
          resource: 'deployments',
          kind: 'Deployment',
          namespace: 'shop',
          name: 'web',
          uid: 'uid-2',
          change: [
            {
              path: '/spec/template/spec/containers/0/image',
              before: '"registry.acme.io/web:1.2.3"',
              after: '"registry.acme.io/web:1.2.4"',
            },
            {
              path: '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt',
              after: '"2026-03-02T10:00:00Z"',
              volatile: 'Time',
            },
          ],
          hiddenChanges: 2,
          changeDigest: digest('c'),
          origin: 'Observed',
          reversible: true,
        },
        {
          index: 1,
          verb: 'patch',
          apiGroup: '',
          version: 'v1',
          resource: 'configmaps',
          kind: 'ConfigMap',
          namespace: 'shop',
          name: 'web-config',
          change: [
            { path: '/data/app.yaml', before: '"a: 1\\nb: 2\\nc: 3\\nd: 4\\n"', after: '"a: 1\\nb: 2\\nc: \\u202e5\\nd: 4\\n"' },
            { path: '/data/password', before: '"…"', after: '"…"', redacted: true },
          ],
          changeDigest: digest('d'),
          origin: 'Observed',
          reversible: true,
        },
        {
          index: 2,
          verb: 'patch',
          apiGroup: 'apps',
          version: 'v1',
          resource: 'deployments/scale',
          kind: 'Deployment',
          namespace: 'shop',
          name: 'web',
          change: [{ path: '/spec/replicas', before: '2', after: '3' }],
          changeDigest: digest('e'),
          origin: 'Declared',
          reversible: true,
        },
        {
          index: 3,
          verb: 'delete',
          apiGroup: '',
          version: 'v1',
          resource: 'configmaps',
          kind: 'ConfigMap',
          namespace: 'shop',
          name: 'web-cache',
          changeDigest: digest('f'),
          origin: 'Observed',
          reversible: false,
          notes: ['dependants: Job shop/warm-up'],
        },
        {
          index: 4,
          verb: 'create',
          apiGroup: '',
          version: 'v1',
          resource: 'configmaps',
          kind: 'ConfigMap',
          namespace: 'shop',
          name: 'web-flags',
          change: [{ path: '', after: '{"apiVersion":"v1","data":{"flag":"on"},"kind":"ConfigMap"}' }],
          changeDigest: digest('0'),
          origin: 'Observed',
          reversible: true,
        },
      ],
      notObservable: ['what controllers make of a new ReplicaSet'],
      risk: {
        level: 'Critical',
        score: 137,
        parts: [
          {
            rule: 'delete-data',
            points: 100,
            level: 'Critical',
            message: "delete configmaps 'web-cache': deletes what holds data",
          },
          {
            rule: 'write',
            points: 20,
            level: 'Medium',
            message: "patch deployments 'web', patch configmaps 'web-config' and 2 more: change objects",
          },
          { rule: 'floor', points: 0, level: 'Medium', message: 'the Playbook says that it is at least this' },
          { rule: 'first-run', points: 10, message: "Playbook 'set-image', as it is now, has never run in namespace 'shop'" },
          { rule: 'pods', points: 7, message: "7 pods behind deployments 'web'" },
        ],
      },
      rollback: { from: 'PreImages', irreversible: ['delete configmaps web-cache'] },
      permissions: ['delete configmaps', 'patch deployments.apps'],
      required: { approvals: 2, groups: ['payments-sre'], expiresAfter: '4h' },
      durationSeconds: 900,
      ...change,
    },
  };
}

/** The action of a plan, waiting for people. */
export function anAction(plan: ActionPlan, state = 'AwaitingApproval'): AgentAction {
  const entry = { time: '2026-03-02T10:00:00Z', action: 'uid-1', actor: 'sentinel-operator' };
  const first = chainRecord(undefined, { ...entry, transition: 'Admitted', summary: 'policy lets it be rehearsed' });
  const second = chainRecord(first, { ...entry, transition: 'RehearsalStarted', summary: 'the rehearsal starts' });
  const effects = plan.spec.effects.length;
  const recording = plan.spec.recording?.digest ?? '';
  const stated = { account: plan.spec.account, recording, effects, shown: statedEffects(plan.spec), plan: statedPlan(plan.spec) };
  const rehearsal = { kind: 'Rehearsal', action: 'uid-1', time: entry.time, job: 'job-1', ...stated } as const;
  const third = chainRecord(second, {
    ...entry,
    transition: 'Planned',
    summary: `${effects} effects, risk Critical`,
    plan: digestOf(plan.spec),
    job: 'job-1',
    details: [
      { name: STATEMENT_DETAIL, value: sealStatement(rehearsal, statementKey) },
      { name: 'sentinel.effects.planned', value: String(effects) },
    ],
  });
  return {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    metadata: {
      name: 'repair-web',
      namespace: 'shop',
      uid: 'uid-1',
      resourceVersion: '41',
      generation: 1,
      annotations: { [annotations.requestedBy]: JSON.stringify({ user: plan.spec.requester, uid: 'u', groups: [] }) },
    },
    spec: {
      intent: {
        summary: plan.spec.says.summary,
        reason: 'Pods crash since 1.2.3.',
        prompt: 'fix the shop\nAPPROVALS  0 required',
        agent: { name: 'codex', model: 'gpt-5' },
      },
      playbookRef: { name: 'set-image' },
      mode: 'Apply',
      cancelled: false,
    },
    status: {
      observedGeneration: 1,
      conditions: [
        {
          type: 'Succeeded',
          status: 'Unknown',
          reason: state,
          message: 'waits for people',
          lastTransitionTime: '2026-03-02T10:10:00Z',
        },
        { type: 'Rehearsed', status: 'True', reason: 'Satisfied', message: 'ok', lastTransitionTime: '2026-03-02T10:10:00Z' },
      ],
      plan: {
        name: plan.metadata.name,
        digest: digestOf(plan.spec),
        risk: plan.spec.risk.level,
        effects: plan.spec.effects.length,
        change: summarizeEffects(plan.spec.effects),
      },
      required: { approvals: 2, groups: ['payments-sre'], expiresAfter: '4h' },
      decisions: [
        {
          user: 'ada@acme.io',
          decision: 'approve',
          time: '2026-03-02T10:12:00Z',
          expires: '2026-03-02T14:12:00Z',
          plan: digestOf(plan.spec),
          comment: 'looks right',
          counts: true,
        },
        {
          user: 'bob',
          decision: 'approve',
          time: '2026-03-02T10:13:00Z',
          plan: digestOf(plan.spec),
          counts: false,
          why: 'it has expired',
        },
      ],
      outbox: { sequence: 3, head: third.hash, exported: 0, records: [first, second, third] },
      startedAt: '2026-03-02T10:00:00Z',
    },
  };
}
