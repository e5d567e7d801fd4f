import { count, RiskLevel } from '@sentinel/crds';
import { judgeStep } from '@sentinel/policy';
import type { Terminal } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { visible } from '../../terminal/visible.ts';
import { UsageError } from '../../usage-error.ts';
import type { Asker } from './can-i.ts';
import { policiesFor, type Sources, withGroups } from './input/sources.ts';
import { RISKS } from './lint/finding.ts';
import { harmfulCommands } from './worst-case/destructive-commands.ts';
import { type Example, examplesOf, type Found } from './worst-case/example-action.ts';
import { allowedLines } from './worst-case/spellings.ts';
import { type Unattended, type UnattendedVerdict, worstUnattended } from './worst-case/unattended.ts';

export interface WorstCaseFlags {
  readonly failAbove?: string;
  readonly unattended?: boolean;
}

/** A bound below every risk. */
const NONE = 'None';

/** A change that policies allow, and what it requires. */
interface Passing {
  readonly command: string;
  readonly risk: RiskLevel;
  readonly score: number;
  readonly why: readonly string[];
  readonly approvals: number;
  readonly groups: readonly string[] | undefined;
  readonly decidedBy: string;
}

/** The allowed changes, the highest risk first, then the fewest approvals. */
const passingOf = (all: readonly Found[]): (Passing & { example: Example })[] =>
  all
    .map(({ example, candidate }) => {
      const { risk, requirements } = example.judged;
      return {
        command: example.command.join(' '),
        risk: risk.level,
        score: risk.score,
        why: risk.parts.map(({ message }) => message),
        approvals: requirements.approvals,
        groups: requirements.groups,
        decidedBy: candidate.decidedBy,
        example,
      };
    })
    .sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk) || a.approvals - b.approvals);

/**
 * Prints the most harmful action that starts without a person, or why there is none, and what is allowed with approval. Exit code: 1 if its
 * risk is above `failAbove`; with `unattended` only actions without approval count, and an unknown risk counts as above. Throws
 * UsageError if a bound is given and no policy applies to the identity, because a gate that checked nothing must not pass.
 */
export function worstCase(sources: Sources, who: Asker, flags: WorstCaseFlags, format: Format, io: Terminal): number {
  const bound = boundOf(flags.failAbove);
  if (who.as === undefined)
    throw new UsageError('FlagRequired', '--as is required, such as --as system:serviceaccount:shop:repair-agent');
  const identity = { user: who.as, groups: who.groups };
  const set = policiesFor(sources, identity, who.namespace, who.environment);
  const [refusal] = set.refusals;
  if (refusal && bound !== undefined)
    throw new UsageError('FlagInvalid', `--fail-above has nothing to look at: ${refusal.message}; correct --as, -n or the files`);
  const tried = { set, namespace: who.namespace, who: withGroups(identity), lines: allowedLines(set) };
  const all = examplesOf(tried);
  const passing = passingOf(all);
  const alone = worstUnattended(tried, all);
  const [worst] = passing;
  const unasked = harmfulCommands.filter((command) => judgeStep(set, { command: [...command] }).decision === 'Allow');
  const cheapest = RISKS.flatMap((risk) => passing.find((one) => one.risk === risk) ?? []).reverse();
  if (format) io.out(raw(dataOf({ alone, worst, cheapest, unasked }), format));
  else {
    io.out(aloneInWords(alone));
    if (!worst) io.out(`The policies let no change through${set.refusals[0] ? `: ${visible(set.refusals[0].message)}` : ''}.`);
    else if (!flags.unattended) printPassing(worst, cheapest, unasked, io);
    const example = alone.worst ?? (flags.unattended ? undefined : worst?.example);
    if (example) io.out(`\n${asYaml(example)}`);
  }
  const level = flags.unattended ? alone.worst?.judged.risk.level : (worst?.risk ?? alone.worst?.judged.risk.level);
  if (bound === undefined) return 0;
  if (flags.unattended && alone.untried) return 1;
  return level !== undefined && RISKS.indexOf(level) > bound ? 1 : 0;
}

function boundOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = RiskLevel.safeParse(text);
  if (!parsed.success && text !== NONE)
    throw new UsageError('FlagInvalid', `--fail-above takes ${[NONE, ...RiskLevel.options].join(', ')}, not '${text}'`);
  return parsed.success ? RISKS.indexOf(parsed.data) : -1;
}

interface Outcome {
  readonly alone: UnattendedVerdict;
  readonly worst: (Passing & { example: Example }) | undefined;
  readonly cheapest: readonly (Passing & { example: Example })[];
  readonly unasked: readonly (readonly string[])[];
}

function dataOf({ alone, worst, cheapest, unasked }: Outcome): object {
  const plain = ({ example: _, ...rest }: Passing & { example: Example }) => rest;
  return {
    unattended: alone.worst ? unattendedData(alone.worst) : null,
    unattendedWhy: alone.why,
    unattendedUntried: alone.untried === true,
    worst: worst ? plain(worst) : null,
    action: worst?.example.action ?? null,
    playbook: worst?.example.playbook ?? null,
    cheapest: cheapest.map(plain),
    unaskedCommands: unasked.map((argv) => argv.join(' ')),
  };
}

const unattendedData = ({ way, action, playbook, command, effects, judged, letThroughBy, after }: Unattended) => ({
  command: command.join(' '),
  way,
  ...judged.risk,
  objects: effects.length,
  // In the form of a test case.
  effects: effects.map(({ verb, apiGroup, resource, namespace, name, change, pods }) => ({
    verb,
    apiGroup,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(change
      ? { change: change.map(({ path, before, after }) => (before === undefined ? path : { path, before, after })) }
      : {}),
    ...(pods ? { pods } : {}),
  })),
  letThroughBy,
  afterRuns: after,
  action,
  playbook: playbook ?? null,
});

function aloneInWords({ worst, why, untried }: UnattendedVerdict): string {
  if (untried)
    return `without a person: no command line that was tried passes, and rules allow others: ${why.map(visible).join('; ')}`;
  if (!worst) return `without a person: nothing starts: ${why.map(visible).join('; ')}`;
  const { judged, way, effects, after, command, letThroughBy } = worst;
  const by = way === 'OwnSteps' ? 'ad-hoc steps' : "a trusted Playbook whose autonomy is 'Auto'";
  return [
    `without a person: ${visible(command.join(' '))}: risk ${judged.risk.level}, score ${judged.risk.score}, ${count(effects.length, 'object')}, by ${by}`,
    ...judged.risk.parts.map(({ points, message }) => `  +${points} ${visible(message)}`),
    `  let through by ${letThroughBy.map(visible).join(', ')}`,
    ...(after > 0 ? [`  after ${count(after, 'run')} of the same that succeeded`] : []),
  ].join('\n');
}

function printPassing(worst: Passing, cheapest: readonly Passing[], unasked: readonly (readonly string[])[], io: Terminal): void {
  const from = worst.groups ? ` from ${worst.groups.map(visible).join(' or ')}` : '';
  io.out(
    `\n${visible(worst.command)}: risk ${worst.risk}, ${worst.approvals === 0 ? 'nobody is asked' : `${count(worst.approvals, 'approval')}`}${from}`,
  );
  io.out(`  because ${worst.why.map(visible).join('; ')} (${visible(worst.decidedBy)})\n`);
  io.out(
    table(
      ['RISK', 'APPROVALS', 'GROUPS', 'WITH THE FEWEST APPROVALS'],
      cheapest.map(({ risk, approvals, groups, command }) => [risk, approvals, groups?.join(', '), command]),
    ),
  );
  if (unasked.length > 0)
    io.out(
      `\ncommand lines that ask nobody by themselves; what they send is judged as above: ${unasked
        .slice(0, 5)
        .map((argv) => visible(argv.join(' ')))
        .join('; ')}`,
    );
}

// The action, and the Playbook that must be trusted first.
const asYaml = ({ action, playbook }: Example): string =>
  [action, ...(playbook ? [playbook] : [])].map((object) => raw(object, 'yaml').trimEnd()).join('\n---\n');
