import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paths } from '@sentinel/cluster';
import { tryRun } from '../run.ts';

// Namespaces that tests made. They are deleted when their file is done: an operator that starts looks at every action, and each pod that
// waits for an image costs the kubelet time, so that what earlier tests left would slow down those after it.

/** The variable that names the file into which test processes write the namespaces that they make. */
export const TENANTS = 'SENTINEL_TEST_TENANTS';

/** The namespaces of test files, from their making to their end. */
export class Tenants {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentinel-tenants-'));
  readonly #deleted: string[] = [];
  #files = 0;

  /** A list for one test process, to be put into its environment under {@link TENANTS}. */
  newList(): string {
    this.#files += 1;
    return join(this.#folder, String(this.#files));
  }

  /** Deletes the namespaces of a list, without waiting for their end. */
  async delete(list: string): Promise<void> {
    const namespaces = read(list);
    if (namespaces.length === 0) return;
    this.#deleted.push(...namespaces);
    await kubectl('delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false');
  }

  /** Waits until all that was deleted is gone; answers with what is not. */
  async waitUntilGone(seconds: number): Promise<string[]> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const { stdout } = await kubectl('get', 'namespaces', '-o', 'jsonpath={.items[*].metadata.name}');
      const existing = new Set(stdout.split(' '));
      const left = this.#deleted.filter((name) => existing.has(name));
      if (left.length === 0 || performance.now() > end) return left;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  /** Removes the lists. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const kubectl = (...args: string[]) => tryRun(paths.kubectl, args, { env: { KUBECONFIG: paths.kubeconfig } });

function read(list: string): string[] {
  try {
    return readFileSync(list, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
