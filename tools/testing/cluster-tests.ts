import { join } from 'node:path';
import { down, status, up } from '@sentinel/cluster';
import { noteImages } from '../../test/lib/images.ts';
import { collectorEndpoint, startTelemetry } from '../../test/lib/telemetry.ts';
import { leftovers } from '../../test/suites.ts';
import { evidenceSettings, prepareEvidence, waitForEvidence } from '../evidence-volume.ts';
import { type Images, installSentinel, makeImages, testSettings } from '../install.ts';
import type { Plan } from './plan.ts';
import { runFile, type Selection } from './run-file.ts';
import { longestFirst, runEach } from './schedule.ts';
import type { Session } from './session.ts';
import { TENANTS, Tenants } from './tenants.ts';

/** How many files of the phase `together` run at a time. */
const WORKERS = 3;
/** No file takes longer than this, unless it hangs. */
const FILE_LIMIT_SECONDS = 900;

/** Runs test files and counts each; the files that there is no time for are left out. */
class FileRunner {
  readonly #session: Session;
  readonly #total: number;
  readonly #verbose: boolean;
  readonly #tenants = new Tenants();
  #done = 0;

  constructor(session: Session, total: number, verbose: boolean) {
    this.#session = session;
    this.#total = total;
    this.#verbose = verbose;
  }

  async run(selections: readonly Selection[], workers: number): Promise<void> {
    const { remembered } = this.#session;
    const sorted = workers > 1 ? longestFirst(selections, ({ file }) => remembered.seconds(file)) : selections;
    const left = await runEach(
      sorted,
      workers,
      (selection) => this.#one(selection),
      () => this.#session.secondsLeft() > 0,
    );
    this.#session.leaveOut(left.map(({ file }) => file));
  }

  /** Waits for the end of the namespaces that tests made, so that what runs next is not disturbed by it. */
  async waitForTenants(): Promise<void> {
    const left = await this.#tenants.waitUntilGone(120);
    this.#session.say(left.length === 0 ? 'the namespaces of the tests are gone' : `still not gone: ${left.join(', ')}`);
  }

  /** Removes what the runner wrote for itself. */
  close(): void {
    this.#tenants.close();
  }

  async #one(selection: Selection): Promise<void> {
    const { file, cases } = selection;
    const limit = Math.min(FILE_LIMIT_SECONDS, this.#session.secondsLeft());
    const list = this.#tenants.newList();
    const result = await runFile(selection, {
      root: this.#session.root,
      verbose: this.#verbose,
      limit,
      env: { [TENANTS]: list },
    });
    if (process.env.KEEP !== '1') await this.#tenants.delete(list);
    if (cases === undefined && result.failed === 0) this.#session.remembered.note(file, result.seconds);
    this.#done += 1;
    const counts = `${result.passed} passed${result.failed > 0 ? `, ${result.failed} FAILED` : ''}`;
    this.#session.say(
      `${this.#done} of ${this.#total} files: ${result.failed === 0 ? '✔' : '✖'} ${file}${cases ? ' (chosen cases)' : ''}: ${counts} in ${result.seconds.toFixed(0)} s`,
    );
    this.#session.add(result);
  }
}

/** Runs a plan on a fresh cluster, and ends the cluster and looks for traces of it afterwards (KEEP=1 leaves it for a look). */
export async function runOnFreshCluster(session: Session, plan: Plan): Promise<void> {
  const files = Object.values(plan).flat();
  const runner = new FileRunner(session, files.length, false);
  try {
    session.say('starting the embedded cluster');
    await down();
    await up();
    // The images are made meanwhile: these tests need none of them.
    const needsInstallation = plan.together.length + plan.alone.length + plan.last.length > 0;
    const [images] = await Promise.all([
      needsInstallation ? makeImages() : undefined,
      plan.cluster.length > 0 ? checkNetworkPolicyEngine(session) : undefined,
      runner.run(plan.cluster, WORKERS),
    ]);
    if (images) await runInstalled(session, runner, plan, images);
  } catch (error) {
    session.fail('the cluster and the installation', error);
  } finally {
    runner.close();
    if (process.env.KEEP !== '1') session.add(await runFile({ file: leftovers }, { root: session.root, limit: 300 }));
  }
}

/** Runs a plan on the cluster that runs, and leaves it; on a fresh one when none does. */
export async function runWhereverPossible(session: Session, plan: Plan): Promise<void> {
  if (!(await status()).up) return runOnFreshCluster(session, plan);
  const files = Object.values(plan).flat();
  const runner = new FileRunner(session, files.length, true);
  try {
    await runner.run(plan.cluster, 1);
    if (files.length > plan.cluster.length) await runInstalled(session, runner, plan, await makeImages());
  } catch (error) {
    session.fail('the installation', error);
  } finally {
    runner.close();
  }
}

const checkNetworkPolicyEngine = (session: Session) =>
  session.check('unit tests of the NetworkPolicy engine', 'go', ['test', './...'], join(session.root, 'cluster/programs/netpol'));

async function runInstalled(session: Session, runner: FileRunner, plan: Plan, images: Images): Promise<void> {
  session.say('installing Sentinel');
  noteImages({ sentinel: images.sentinel.reference, tools: images.tools.reference });
  const telemetry = await startTelemetry();
  try {
    await prepareEvidence();
    await installSentinel(images.sentinel.reference, {
      'audit.otlpEndpoint': collectorEndpoint,
      ...evidenceSettings,
      ...testSettings,
    });
    await waitForEvidence();
    session.say(
      `installed; ${plan.together.length} files run ${WORKERS} at a time, ${plan.alone.length + plan.last.length} alone`,
    );
    await runner.run(plan.together, WORKERS);
    if (plan.together.length > 0 && plan.alone.length > 0) await runner.waitForTenants();
    await runner.run(plan.alone, 1);
    await runner.run(plan.last, 1);
  } finally {
    await telemetry.stop();
  }
}
