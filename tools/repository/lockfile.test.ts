import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

interface Package {
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optional?: boolean;
}

const file = join(import.meta.dirname, '..', '..', 'package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { readonly packages: Readonly<Record<string, Package>> };
const built = Object.entries(packages).filter(([, { os, cpu }]) => os !== undefined || cpu !== undefined);

describe('The lockfile', () => {
  it('requires no package that is for one processor or system alone', () =>
    assert.deepEqual(
      built.filter(([, { optional }]) => optional !== true).map(([name]) => name),
      [],
    ));

  for (const [os, cpu] of [
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['linux', 'arm64'],
    ['linux', 'x64'],
  ] as const)
    it(`has what biome, esbuild and TypeScript need on ${os} ${cpu}`, () => {
      const names = built.filter(([, one]) => one.os?.includes(os) && one.cpu?.includes(cpu)).map(([name]) => name);
      for (const tool of ['@biomejs/', '@esbuild/', '@typescript/'])
        assert.ok(
          names.some((name) => name.includes(tool)),
          `${tool}: ${names.join(', ')}`,
        );
    });
});
