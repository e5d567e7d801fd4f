import type { Selection } from '../tools/testing/run-file.ts';

// Which tests `make test` runs, and which belong to a suite: `make test SUITE=name` runs a suite whole. Every test file that needs the
// cluster is in exactly one place. The folder of a file says how it runs: test/e2e beside others, test/serial alone, test/chart alone
// and after everything else, because it removes the installation.

/** Names of suites that are planned; those in {@link suites} have tests. */
export const suiteNames = ['fidelity', 'faults', 'attack', 'argocd', 'chart', 'forge', 'scale', 'eval', 'oldest'] as const;
export type SuiteName = (typeof suiteNames)[number];

export interface Suite {
  readonly name: SuiteName;
  /** What the suite shows, in one sentence. */
  readonly about: string;
  /** Its test files, those that take longest first. */
  readonly files: readonly string[];
  /** What `make test` runs of it: whole files, or at least ten cases by name. */
  readonly proof: readonly Selection[];
  /** A change below one of these folders, or of a test file of the suite, makes `.ci/run` run the suite whole. */
  readonly folders: readonly string[];
}

/** The folders whose change can alter how an action goes: every suite that runs actions depends on them. */
const product = [
  'operator/',
  'webhook/',
  'gateway/',
  'evidence/',
  'policy/',
  'kube/',
  'crds/',
  'charts/',
  'cluster/',
  'tools/',
  'test/lib/',
];

/** What `make test` runs whole. */
export const always: readonly string[] = [
  'cluster/test/cluster.test.ts',
  'cluster/test/networkpolicy.test.ts',
  'kube/test/leader-elector.integration.test.ts',
  'test/e2e/shown.test.ts',
  'test/e2e/story.test.ts',
  'test/e2e/tutorial.test.ts',
  'test/e2e/without-playbooks.test.ts',
  'test/e2e/amendments.test.ts',
  'test/e2e/request-changes.test.ts',
  'test/e2e/rolled-back-later.test.ts',
  'test/e2e/family.test.ts',
  'test/e2e/data.test.ts',
  'test/e2e/change.test.ts',
  'test/e2e/change-between.test.ts',
  'test/e2e/change-of-kubectl.test.ts',
  'test/e2e/stored-version.test.ts',
  'test/e2e/field-owners.test.ts',
  'test/e2e/oidc.test.ts',
  'test/e2e/risk.test.ts',
  'test/e2e/audit.test.ts',
  'test/e2e/evidence.test.ts',
  'test/e2e/cli.test.ts',
  'test/e2e/library.test.ts',
  'test/e2e/schedules.test.ts',
  'test/e2e/standing.test.ts',
  'test/e2e/schedules-overlap.test.ts',
  'test/e2e/trusted-by-floor.test.ts',
  'test/e2e/library-chart.test.ts',
  'test/e2e/bad-input.test.ts',
  'test/e2e/bad-objects.test.ts',
  'test/e2e/bad-playbooks.test.ts',
  'test/e2e/bad-policies.test.ts',
  'test/e2e/schemas.test.ts',
  'test/serial/cost.test.ts',
  // After all others, whose requests it reads in the audit log.
  'test/chart/rights.test.ts',
];

export const suites: readonly Suite[] = [
  {
    name: 'chart',
    about:
      'A fresh machine gets what it needs; the chart installs, upgrades and uninstalls, and leaves only the objects that people created; no value is ignored; its alerts fire when they are due.',
    files: [
      'test/e2e/fresh-machine.test.ts',
      'test/e2e/monitoring.test.ts',
      'test/e2e/chart-values.test.ts',
      'test/chart/upgrade.test.ts',
      'test/chart/installed.test.ts',
      'test/chart/uninstall.test.ts',
    ],
    proof: [
      { file: 'test/chart/uninstall.test.ts' },
      { file: 'test/chart/installed.test.ts' },
      { file: 'test/e2e/chart-values.test.ts' },
      { file: 'test/e2e/monitoring.test.ts' },
    ],
    folders: ['charts/', 'crds/', 'tools/', 'test/lib/'],
  },
  {
    name: 'attack',
    about: 'Anyone who tries to dodge, forge, crowd out or blind a decision, or to leave a sandbox, gains nothing.',
    files: [
      'test/e2e/changed-meanwhile.test.ts',
      'test/e2e/kubectl-verbs.test.ts',
      'test/e2e/sandbox.test.ts',
      'test/e2e/held-back.test.ts',
      'test/e2e/acts.test.ts',
      'test/e2e/append-only.test.ts',
      'test/e2e/stated.test.ts',
      'test/e2e/persisted.test.ts',
      'test/e2e/limits.test.ts',
      'test/e2e/people.test.ts',
      'test/e2e/acts-as-agent.test.ts',
      'test/e2e/quota.test.ts',
      'test/e2e/definitions.test.ts',
      'test/e2e/room.test.ts',
      'test/e2e/decided-by-others.test.ts',
      'test/e2e/forged-review.test.ts',
      'test/e2e/other-encodings.test.ts',
      'test/e2e/decisions.test.ts',
      'test/e2e/decisions-edited.test.ts',
      'test/e2e/decisions-forged.test.ts',
      'test/e2e/trust.test.ts',
      'test/e2e/policy.test.ts',
      'test/e2e/identity.test.ts',
      'test/e2e/taken-over.test.ts',
      'test/e2e/taken-over-webhook.test.ts',
      'test/e2e/ended-run.test.ts',
      'test/e2e/deleted-but-kept.test.ts',
      'test/e2e/slow-rules.test.ts',
      'test/e2e/acts-forged.test.ts',
      'test/e2e/open-reads.test.ts',
      'test/e2e/gateway.test.ts',
      'test/e2e/gateway-refused.test.ts',
      'test/e2e/lock.test.ts',
      'test/serial/autonomy.test.ts',
      'test/serial/lying-operator.test.ts',
      'test/serial/room-before.test.ts',
      'test/serial/webhook-flood.test.ts',
      'test/serial/lock-missing.test.ts',
      'test/serial/guards-altered.test.ts',
    ],
    proof: [
      { file: 'test/e2e/changed-meanwhile.test.ts' },
      { file: 'test/e2e/kubectl-verbs.test.ts' },
      { file: 'test/e2e/sandbox.test.ts' },
      { file: 'test/e2e/decisions.test.ts' },
      { file: 'test/e2e/decisions-edited.test.ts' },
      { file: 'test/e2e/decisions-forged.test.ts' },
      { file: 'test/e2e/trust.test.ts' },
      { file: 'test/e2e/gateway.test.ts' },
      { file: 'test/e2e/gateway-refused.test.ts' },
      { file: 'test/e2e/lock.test.ts' },
      { file: 'test/e2e/forged-review.test.ts', cases: [['A review of one’s own, straight to the webhook']] },
    ],
    folders: product,
  },
  {
    name: 'faults',
    about:
      'Programs, pods, guards and sinks go away at any moment: nothing is lost, nothing is done twice, the end says what is known.',
    files: [
      'test/e2e/reversible.test.ts',
      'test/e2e/deletes.test.ts',
      'test/e2e/rollback.test.ts',
      'test/e2e/lifecycle.test.ts',
      'test/e2e/mid-run.test.ts',
      'test/e2e/verified-again.test.ts',
      'test/serial/crash.test.ts',
      'test/serial/killed.test.ts',
      'test/serial/killed-pods.test.ts',
      'test/serial/drained.test.ts',
      'test/serial/without-operator.test.ts',
      'test/serial/without-sink.test.ts',
      'test/serial/without-evidence.test.ts',
      'test/serial/rerun.test.ts',
      'test/serial/rotation.test.ts',
      'test/serial/unknown.test.ts',
      'test/serial/foreign-fields.test.ts',
      'test/e2e/drain.test.ts',
      'test/e2e/fake-node.test.ts',
      'test/serial/alerts.test.ts',
      'test/serial/traces.test.ts',
      'test/serial/without-webhook.test.ts',
    ],
    proof: [{ file: 'test/serial/without-webhook.test.ts' }],
    folders: product,
  },
];

/** Ends the cluster and looks for traces: runs last, whatever was chosen, where the runner started the cluster. */
export const leftovers = 'cluster/test/leftovers.test.ts';
