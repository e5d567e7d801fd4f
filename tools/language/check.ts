import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phraseFinder } from './find-phrases.ts';
import { phrases } from './phrases.ts';

/** Prints every phrase that is not allowed, with its place, the reason and what to write instead. The exit code is 1 if there is one. */
const root = join(import.meta.dirname, '..', '..');
const types = /\.(ts|md|ya?ml|tpl|txt|json|sh)$|(^|\/)Makefile$/;
const ignored = [
  // It quotes the phrases.
  /^tools\/language\//,
  // Text of others.
  /^(LICENSE|package-lock\.json)$/,
  // Titles of end-to-end tests, which guides name.
  /^test\/.*\.test\.ts$/,
];

const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => types.test(path) && !ignored.some((pattern) => pattern.test(path)));
const findPhrases = phraseFinder(phrases);
for (const path of files)
  for (const { line, text, phrase } of findPhrases(readFileSync(join(root, path), 'utf8'))) {
    process.stderr.write(`${path}:${line}: "${text}": ${phrase.reason}; write ${phrase.instead}\n`);
    process.exitCode = 1;
  }
