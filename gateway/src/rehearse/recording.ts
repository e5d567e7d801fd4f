import { UNHIDDEN } from '@sentinel/policy';
import type { RecordedEffect } from '../effect/describe.ts';
import { Overlay } from '../effect/overlay.ts';
import { cutValues } from '../effect/shorten.ts';
import { Serializer } from '../enforce/serializer.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { forbidden } from '../request/refused.ts';
import type { Recording } from '../run/run.ts';
import type { FairBudget } from '../serve/fair-budget.ts';
import { RehearsalMemory } from './memory.ts';

const MAX_READS = 64;
const MAX_EFFECTS = 500;
/** Up to here effects are held in full, beyond it with long values cut, and beyond the second limit not at all. */
const MAX_WHOLE = 4 * 1024 * 1024;
const MAX_SIZE = 6 * 1024 * 1024;

/** An empty recording of a rehearsal in a namespace. */
export function newRecording(namespace = '', budget?: FairBudget): Recording {
  const memory = new RehearsalMemory(namespace, budget);
  return {
    effects: [],
    size: 0,
    memory,
    reads: new Set(),
    notObservable: new Set(),
    overlay: new Overlay((bytes) => memory.take(bytes)),
    turns: new Serializer(),
    undone: { undoes: [], unchanged: [], left: [], turns: new Serializer() },
  };
}

/** Throws Refused when a rehearsal has as many effects as a plan may have. */
export function requireRoom({ effects }: Recording): void {
  if (effects.length >= MAX_EFFECTS) throw forbidden('EffectLimitExceeded', `a plan may have at most ${MAX_EFFECTS} effects`);
}

/** Throws Refused if all of these together do not fit into memory. No other work can reserve it before this turn of the event loop ends. */
export function requireMemory({ memory }: Recording, values: readonly unknown[]): void {
  const giveBack = memory.take(values.reduce<number>((sum, value) => sum + sizeOf(value), 0));
  giveBack();
}

/**
 * Records an effect: in full while it fits, then with its long values cut and marked. The whole recording is sent to the operator. Throws
 * Refused if even the cut effect does not fit.
 */
export function noteEffect(recording: Recording, effect: RecordedEffect): void {
  const isWhole = recording.size + heldSize(effect) <= MAX_WHOLE;
  const held = isWhole ? effect : cutValues(effect);
  const size = heldSize(held);
  if (recording.size + size > MAX_SIZE)
    throw forbidden('RehearsalTooLarge', 'the changes of this rehearsal are too large for a plan: split the work');
  recording.memory.take(size);
  recording.size += size;
  recording.effects.push(held);
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

// Values that are hidden because of their names are stored as well.
const heldSize = (effect: RecordedEffect): number =>
  sizeOf(effect) + (effect.change ?? []).reduce((sum, one) => sum + sizeOf(one[UNHIDDEN]), 0);

/** Records a read: the plan lists it among the permissions, and notes lists that show live state instead of the rehearsed one. */
export function noteRead(recording: Recording, request: ParsedRequest): void {
  const { verb, resource, apiGroup } = request.api;
  if (recording.reads.size < MAX_READS) recording.reads.add(`${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`);
  if (verb !== 'get' && recording.overlay.touches(request)) {
    recording.notObservable.add(
      `A ${verb} of ${resource} after a write to one of them showed the live state, not the rehearsed one.`,
    );
  }
}
