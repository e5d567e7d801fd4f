import type { EvidenceObject } from '@sentinel/crds';
import { visible, visibleBlock } from '../../terminal/visible.ts';

/** Evidence for people: each line of a log behind a bar, because it is text from a sandbox. */
export function renderEvidence({ metadata, spec }: EvidenceObject, step?: string): string {
  const steps = spec.steps.filter(({ name }) => step === undefined || name === step);
  const ended = (exitCode: number | undefined) => (exitCode === undefined ? 'not finished' : `exit code ${exitCode}`);
  return [
    `EVIDENCE  ${visible(spec.stage)} (attempt ${spec.attempt})${spec.outcome === undefined ? '' : `, ${visible(spec.outcome)}`}  ${visible(metadata.name)}`,
    ...steps.flatMap(({ name, exitCode, log, truncated, missing }) => [
      `STEP  ${visible(name)}, ${ended(exitCode)}${truncated ? ', truncated' : ''}`,
      ...(log === undefined ? [] : [log.trim() === '' ? '  (it printed nothing)' : visibleBlock(log.trimEnd(), '  | ')]),
      ...(missing === undefined ? [] : [`  (${log === undefined ? 'no log' : 'not complete'}: ${visible(missing)})`]),
      ...(log === undefined && missing === undefined ? [`  (no log is kept: ${whyNotKept(spec.handling)})`] : []),
    ]),
    ...(step === undefined ? spec.results : []).flatMap(({ name, mediaType, content, truncated }) => [
      `RESULT  ${visible(name)} (${visible(mediaType)})${truncated ? ', truncated' : ''}`,
      visibleBlock(content.trimEnd(), '  | '),
    ]),
  ].join('\n');
}

const whyNotKept = (handling: EvidenceObject['spec']['handling']) =>
  handling === 'Dropped' ? 'policy drops logs' : 'it could not be read';
