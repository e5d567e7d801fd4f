import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '@sentinel/cluster';

/** References, by digest, of the images that the suite loaded. */
export interface LoadedImages {
  readonly sentinel: string;
  readonly tools: string;
}

const file = join(paths.cache, 'loaded-images.json');

/** Notes which images are loaded, for the test files that run in processes of their own. */
export function noteImages(images: LoadedImages): void {
  writeFileSync(file, JSON.stringify(images));
}

/** The images that are loaded. Throws when nothing was installed. */
export function loadedImages(): LoadedImages {
  return JSON.parse(readFileSync(file, 'utf8')) as LoadedImages;
}
