/** How a test of Kubernetes ended. `not run` says that it was left out on purpose. */
export type Outcome = 'passed' | 'failed' | 'not run';

/** One test of Kubernetes. */
export interface TestOutcome {
  /** Its name, without the parts that all of them have. */
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed, or why it was left out. */
  readonly reason: string | undefined;
  readonly seconds: number;
}

/** What this program reads of the report of Ginkgo: https://pkg.go.dev/github.com/onsi/ginkgo/v2/types#SpecReport */
interface Spec {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  /** Nanoseconds. */
  readonly RunTime: number;
  readonly Failure?: { readonly Message?: string };
}

/**
 * The outcomes in a JSON report of Ginkgo, in the order of their names. A state that is not known counts as failed.
 * Throws when the report holds no test: a run that judges nothing must not look like one that passed.
 */
export function readOutcomes(report: string, { sctp }: { readonly sctp: boolean }): TestOutcome[] {
  const suites = JSON.parse(report) as readonly { readonly SpecReports: readonly Spec[] | null }[];
  const specs = suites.flatMap(({ SpecReports }) => SpecReports ?? []);
  const failedSetUp = specs.filter(({ LeafNodeType, State }) => LeafNodeType !== 'It' && State !== 'passed');
  const tests = specs.filter(({ LeafNodeType }) => LeafNodeType === 'It');
  if (tests.length === 0) throw new Error('the report of the NetworkPolicy tests holds no test');
  const outcomes = [...failedSetUp, ...tests].map((spec) => outcomeOf(spec, sctp));
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function outcomeOf(spec: Spec, sctp: boolean): TestOutcome {
  const seconds = spec.RunTime / 1e9;
  const name = nameOf(spec);
  const message = spec.Failure?.Message?.trim().split('\n')[0];
  if (spec.State === 'passed') return { name, outcome: 'passed', reason: undefined, seconds };
  if (spec.State !== 'skipped' && spec.State !== 'pending')
    return { name, outcome: 'failed', reason: message ?? `state ${spec.State}`, seconds };
  const filtered = !sctp && name.includes('SCTPConnectivity') ? 'the kernel of the machine has no SCTP' : undefined;
  return { name, outcome: 'not run', reason: message ?? filtered ?? 'left out by the tests themselves', seconds };
}

const nameOf = ({ ContainerHierarchyTexts, LeafNodeType, LeafNodeText }: Spec): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText || LeafNodeType]
    .join(' ')
    .replace('[sig-network] ', '')
    .replace('NetworkPolicy between server and client ', '')
    .replace(' [Feature:NetworkPolicy]', '');
