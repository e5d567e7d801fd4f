import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { paths } from './paths.ts';

/** Settings of the whole machine that a kubelet changes when it starts. */
const settings = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];
const record = join(paths.state, 'kernel-settings.json');

/** Writes down what the machine's settings are before the kubelet starts. */
export async function recordKernelSettings(): Promise<void> {
  const values: Record<string, string> = {};
  for (const name of settings) values[name] = await readFile(`/proc/sys/${name}`, 'utf8').catch(() => '');
  await mkdir(dirname(record), { recursive: true });
  await writeFile(record, JSON.stringify(values));
}

/** Puts the settings back to what they were before `up`. */
export async function restoreKernelSettings(): Promise<void> {
  const text = await readFile(record, 'utf8').catch(() => '{}');
  for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string>)) {
    if (value !== '') await writeFile(`/proc/sys/${name}`, value).catch(() => undefined);
  }
}
