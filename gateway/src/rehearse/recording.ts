import type { ObservedEffect } from '@sentinel/crds';
import { Overlay } from '../effect/overlay.ts';
import { Turns } from '../enforce/turns.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { forbidden } from '../request/refused.ts';
import type { Recording } from '../run/run.ts';

const MAX_READS = 64;
const MAX_EFFECTS = 500;
const MAX_SIZE = 4 * 1024 * 1024;
const MAX_HELD = 32 * 1024 * 1024;

/** An empty recording. */
export function newRecording(): Recording {
  return {
    effects: [],
    size: 0,
    held: 0,
    reads: new Set(),
    notObservable: new Set(),
    overlay: new Overlay(),
    turns: new Turns(),
  };
}

/** Throws Refused when a rehearsal has as many effects as a plan may have. */
export function requireRoom({ effects }: Recording): void {
  if (effects.length >= MAX_EFFECTS) throw forbidden(`a plan may have at most ${MAX_EFFECTS} effects`);
}

/** Notes an object that is held for later reads. Throws Refused when a rehearsal holds too much. */
export function noteHeld(recording: Recording, object: unknown): void {
  recording.held += JSON.stringify(object ?? null).length;
  if (recording.held > MAX_HELD) throw forbidden('the objects of this rehearsal are too large together: split the work');
}

/** Notes an effect. What is held here is sent to the operator whole, and most of too much could never be shown: Refused. */
export function noteEffect(recording: Recording, effect: ObservedEffect): void {
  recording.size += JSON.stringify(effect).length;
  if (recording.size > MAX_SIZE) throw forbidden('the changes of this rehearsal are too large for a plan: split the work');
  recording.effects.push(effect);
}

/** Notes a read: the plan lists it among the permissions, and says where a list shows live state instead of the rehearsed one. */
export function noteRead(recording: Recording, request: ParsedRequest): void {
  const { verb, resource, apiGroup } = request.api;
  if (recording.reads.size < MAX_READS) recording.reads.add(`${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`);
  if (verb !== 'get' && recording.overlay.touches(request)) {
    recording.notObservable.add(
      `A ${verb} of ${resource} after a write to one of them showed the live state, not the rehearsed one.`,
    );
  }
}
