import { annotations, askingManager, effectNumber, Resolution } from '@sentinel/crds';
import { effectLines } from '../print/effects.ts';
import { unknownLines } from '../print/unknown.ts';
import { messageOf, placeOf, type Review, readReview, stateOf } from '../read.ts';
import { confirmed, type Session, UsageError } from '../session.ts';
import { type Paint, painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';
import { checkCommonFlags, type DecideFlags, requireSealed, send } from './decide-on-plan.ts';

export interface ReconcileFlags extends DecideFlags {
  readonly effect?: string;
}

/** What each resolution does, shown before the confirmation. */
export const meanings: Readonly<Record<Resolution, string>> = {
  accept: 'the object stays as it is now, and the effect counts as done',
  redo: 'the approved change is sent again, if the object still allows exactly that change; if it has been applied already, it counts as done',
  'roll-back': 'if it was applied, it is rolled back from its pre-image, if nobody has changed the object since',
};

/**
 * Resolves an effect whose outcome is unknown: shows it, asks for confirmation, and sends the decision with the digest of the plan and the
 * number of the effect. The API server makes the final check, and the gateway reports the result.
 */
export async function reconcile(session: Session, given: string, word: string, flags: ReconcileFlags): Promise<number> {
  const resolution = Resolution.safeParse(word);
  if (!resolution.success)
    throw new UsageError('FlagInvalid', `'${word}' is not a resolution; use one of ${Resolution.options.join(', ')}`);
  checkCommonFlags(session, flags, true);
  const review = await readReview(session, given, { isExact: flags.yes === true });
  const { name } = review.action.metadata;
  const effect = requireEffect(review, flags.effect);
  if (flags.plan !== undefined && flags.plan !== review.digest)
    throw new UsageError(
      'ObjectChanged',
      `the plan that you saw (${flags.plan}) is not the current one (${review.digest}); look at it again: kubectl sentinel plan ${name} -n ${session.namespace}`,
    );
  const { io } = session;
  await io.page(renderEffect(review, effect, resolution.data, painter(io.colour)));
  if (!(await confirmed(session, `${resolution.data} effect ${effectNumber(effect)}?`, flags.yes === true))) {
    io.error('nothing was decided');
    return 1;
  }
  const asked = {
    [annotations.decision]: resolution.data,
    [annotations.plan]: review.digest,
    [annotations.effect]: String(effectNumber(effect)),
    ...(flags.comment ? { [annotations.comment]: flags.comment } : {}),
  };
  const answer = await send(session, review, askingManager(resolution.data, review.digest, effect), asked);
  requireSealed(review.action, answer, resolution.data);
  io.out(`agentaction.sentinel.dev/${name}: ${resolution.data} of effect ${effectNumber(effect)} recorded`);
  io.out(`see what happens to it: kubectl sentinel watch ${name} -n ${session.namespace}`);
  return 0;
}

function requireEffect({ action }: Review, asked: string | undefined): number {
  const { name } = action.metadata;
  const unknown = action.status?.unknownEffects ?? [];
  if (stateOf(action) !== 'OutcomeUnknown' || unknown.length === 0)
    throw new UsageError('NothingToDecide', `there is nothing to resolve: '${name}' is ${stateOf(action)}: ${messageOf(action)}`);
  const found = unknown.find(({ effect }) => String(effectNumber(effect)) === asked);
  if (found) return found.effect;
  const open = unknown.map(({ effect }) => effectNumber(effect)).join(', ');
  throw new UsageError(
    'FlagInvalid',
    `--effect must be the number, in CHANGES of the plan, of an effect whose outcome is unknown: ${open}`,
  );
}

function renderEffect({ action, plan, digest }: Review, effect: number, resolution: Resolution, paint: Paint): string {
  return [
    `${paint('bold', placeOf(action))}  ${visible(stateOf(action))}`,
    ...unknownLines(action, paint).filter((line) => line !== ''),
    paint('bold', 'APPROVED CHANGE'),
    ...effectLines(
      plan.spec.effects.filter(({ index }) => index === effect),
      { paint, full: true },
    ),
    `${paint('bold', 'RESOLUTION')}  ${resolution}: ${meanings[resolution]}`,
    `${paint('bold', 'PLAN')}  ${digest}`,
  ].join('\n');
}
