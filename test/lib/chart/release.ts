import { paths } from '@sentinel/cluster';
import { type Ran, run, tryRun } from '../../../tools/run.ts';

/** The folder of the chart. */
export const chart = new URL('../../../charts/sentinel', import.meta.url).pathname;

const env = { KUBECONFIG: paths.kubeconfig };

/** Values of the chart, as a tree. */
export type Values = Readonly<Record<string, unknown>>;

/** Runs helm against the embedded cluster and returns what it printed; throws when it fails. */
export const helm = (...args: string[]): Promise<string> => run(paths.helm, args, { env });

/** The same, however it ends. */
export const tryHelm = (...args: string[]): Promise<Ran> => tryRun(paths.helm, args, { env });

/** The values that the release was installed with. */
export const releaseValues = async (): Promise<Values> =>
  JSON.parse(await helm('get', 'values', 'sentinel', '-o', 'json')) as Values;

/** Upgrades the release to exactly these values, also where a test changed the field of an object, and waits until all of it is ready. */
export async function upgradeRelease(values: Values): Promise<void> {
  const args = ['upgrade', '--install', 'sentinel', chart, '--values', '-', '--force-conflicts', '--wait', '--timeout', '150s'];
  await run(paths.helm, args, { env, input: JSON.stringify(values) });
}

/** Values with others over them; maps are merged, everything else is replaced. */
export function mergeValues(values: Values, over: Values): Values {
  const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged = Object.entries(over).map(([key, value]) => {
    const before = values[key];
    return [key, isMap(before) && isMap(value) ? mergeValues(before, value) : value];
  });
  return { ...values, ...Object.fromEntries(merged) };
}
