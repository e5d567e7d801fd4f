import { Overlay } from '../effect/overlay.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Recording } from './run.ts';

const MAX_READS = 64;

/** An empty recording. */
export function newRecording(): Recording {
  return { effects: [], size: 0, reads: new Set(), notObservable: new Set(), overlay: new Overlay() };
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
