import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { paths } from '@sentinel/cluster';

/** How long each test file took when it last ran on this machine. The order of a run follows it; nothing else does. */
export class Remembered {
  readonly #file: string;
  readonly #seconds: Record<string, number>;

  constructor(file = join(paths.cache, 'test-seconds.json')) {
    this.#file = file;
    this.#seconds = read(file);
  }

  /** The seconds of a file, or undefined when it has not run here. */
  seconds(file: string): number | undefined {
    return this.#seconds[file];
  }

  /** Notes how long a file took. */
  note(file: string, seconds: number): void {
    this.#seconds[file] = Math.round(seconds * 10) / 10;
  }

  /** Writes what was noted. */
  save(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#seconds, null, 1));
  }
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}
