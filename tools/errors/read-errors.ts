import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guardCode } from '@sentinel/policy';
import type { Guard } from '../guards.ts';
import type { MessagesByCode } from './page.ts';

const SOURCES = '{crds,policy,operator,webhook,gateway,evidence,cli}/src/**/*.ts';
const LEFT_OUT = /\.test\.ts$|\.fixture\.ts$|\/generated\/|-errors\.ts$|\/conditions\.ts$/;

/** The text of each source that may use a code: programs and libraries, without tests and the tables. */
export const readUsers = (root: string): string[] =>
  globSync(SOURCES, { cwd: root })
    .filter((path) => !LEFT_OUT.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));

/** What the guards of the chart say, by the code of their policy, or by its name where it has none. Expressions are left out. */
export const guardMessages = (guards: readonly Guard[]): MessagesByCode =>
  new Map(
    guards
      .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
      .map((guard) => [guardCode(guard.metadata.name) ?? guard.metadata.name, messagesOf(guard)]),
  );

type Policy = Guard & { readonly spec?: { readonly validations?: readonly { readonly message?: string }[] } };

const messagesOf = (guard: Policy): string[] =>
  (guard.spec?.validations ?? []).flatMap(({ message }) => (message === undefined ? [] : [message.replace(/^sentinel: /, '')]));
