import type { ParameterDeclaration, Playbook, StandingApproval, Step } from '@sentinel/crds';
import { authorsOf } from '@sentinel/policy';
import type { Paint } from '../terminal/paint.ts';
import { raw } from '../terminal/raw.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';
import { commandLines } from './command.ts';

/**
 * A Playbook for a person who is about to trust it: everything that its digest covers, scripts and defaults in full. Fields without a
 * section here, such as fields of a later version, are printed as YAML.
 */
export function renderPlaybook({ metadata, spec }: Playbook, digest: string, paint: Paint): string {
  const authors =
    authorsOf({ metadata })
      ?.map(({ user }) => user)
      .join(', ') ?? '<unknown>';
  const { description, account, sandbox, parameters = [], steps, verify = [], rollback, results = [], ...rest } = spec;
  const { category, autonomy, expect, verifyAfter, risk, ...others } = rest;
  const { profile, image, ...limits } = sandbox;
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? [paint('bold', title), ...lines] : []);
  const line = (title: string, text: string | undefined) =>
    text === undefined ? [] : [`${paint('bold', title)}  ${visible(text)}`];
  return [
    `${paint('bold', `Playbook ${visible(`${metadata.namespace ?? ''}/${metadata.name}`)}`)}  written by ${visible(authors)}`,
    visibleBlock(description, '  | '),
    `  account ${visible(account)}, profile ${visible(profile)}, image ${visible(image)}`,
    `  category ${visible(category)}, autonomy ${visible(autonomy)}${risk ? `, risk at least ${visible(risk.floor)}` : ''}`,
    ...yamlLines(limits),
    ...section('PARAMETERS', parameters.flatMap(parameterLines)),
    ...section(
      'STEPS',
      steps.flatMap((step) => stepLines(step, paint)),
    ),
    ...(verify.length > 0
      ? section(
          'VERIFICATION',
          verify.flatMap((step) => stepLines(step, paint)),
        )
      : line('VERIFICATION', 'none')),
    ...line('VERIFY AFTER', verifyAfter),
    ...line('EXPECTED', expect),
    ...section(
      'RESULTS',
      results.map(({ name, mediaType }) => `  ${visible(name)} (${visible(mediaType)})`),
    ),
    ...(rollback ? rollbackLines(rollback, paint) : line('ROLLBACK', 'none needed')),
    ...section('OTHER FIELDS', yamlLines(others)),
    `${paint('bold', 'DIGEST')}  ${digest}`,
  ].join('\n');
}

const yamlLines = (value: object): string[] =>
  Object.keys(value).length === 0
    ? []
    : raw(value, 'yaml')
        .split('\n')
        .map((line) => `  ${line}`);

function parameterLines({
  name,
  type,
  description,
  pattern,
  enum: values,
  min,
  max,
  default: value,
  required,
  allowLeadingDash,
  ...others
}: ParameterDeclaration): string[] {
  const rules = [
    type,
    required && 'required',
    pattern && `must match ${pattern}`,
    values && `one of ${values.map((one) => JSON.stringify(one)).join(', ')}`,
    min !== undefined && `at least ${min}`,
    max !== undefined && `at most ${max}`,
    value !== undefined && `${JSON.stringify(value)} when it is not given`,
    allowLeadingDash && 'may begin with -',
  ];
  return [
    `  ${visible(name)}: ${visible(rules.filter(Boolean).join(', '))}`,
    ...(description === undefined ? [] : [visibleBlock(description, '    | ')]),
    ...yamlLines(others),
  ];
}

function stepLines({ name, command, env = [], ...others }: Step, paint: Paint): string[] {
  return [
    ...commandLines(name, command, { paint, full: true }),
    ...env.map((one) => `    ${visible(one.name)}=${visible(JSON.stringify(one.value))}`),
    ...yamlLines(others),
  ];
}

function rollbackLines({ from, reason, ...others }: NonNullable<Playbook['spec']['rollback']>, paint: Paint): string[] {
  return [`${paint('bold', 'ROLLBACK')}  ${visible([from, reason].filter(Boolean).join(': '))}`, ...yamlLines(others)];
}

/** The standing approvals of the schedule of an action, and whether each counts for its plan. */
export const standingLines = (standing: readonly StandingApproval[], paint: Paint): string[] =>
  standing.flatMap((one) => [
    `  ${standingSentence(one)}${one.counts ? '' : paint('yellow', ` (does not count: ${visible(one.why ?? 'no reason given')})`)}`,
    ...(one.comment ? [visibleBlock(one.comment, '    | ')] : []),
  ]);

/** Who approved what the schedule does, up to which risk, and until when. */
export const standingSentence = ({ user, upToRisk, time, expires }: StandingApproval): string =>
  `standing approval of the schedule by ${visible(user)} at ${visible(time)}, up to the risk ${visible(upToRisk)}, until ${visible(expires)}`;
