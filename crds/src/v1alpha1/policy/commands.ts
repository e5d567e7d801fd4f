import { z } from 'zod';
import { Decision, list, mapList, set, text } from '../fields.ts';

const CommandRule = z.object({
  prefix: list(z.string().min(1).max(256), 32, "Tokens in order; alternatives of one position are separated by '|'.").min(1),
  decision: Decision.describe('The decision about a command that the rule matches.'),
  justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
  match: list(z.string().min(1).max(1024), 16, 'Examples that must match.').optional(),
  notMatch: list(z.string().min(1).max(1024), 16, 'Examples that must not match.').optional(),
});

/** Rules about command lines. */
export const commands = list(
  CommandRule,
  256,
  'Rules about command lines. When left out, the policy has no opinion on commands. Once it has rules, a command that none matches needs a person, unless it is on the built-in list of safe reads.',
).optional();

/** Where programs are. */
export const hostExecutables = mapList(
  z.object({
    name: z.string().min(1).max(128).describe('Name of a program, such as git.'),
    paths: set(z.string().min(1).max(512), 16, 'Absolute paths at which it is that program.').min(1),
  }),
  'name',
  64,
  'Paths of programs: a rule that allows a program by name allows it only at these paths.',
).optional();
