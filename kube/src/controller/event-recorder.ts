import type { KubeClient } from '../client/client.ts';
import { events } from '../client/resources.ts';
import { type Clock, microTime, systemClock } from '../clock.ts';
import { isAlreadyExists, toError } from '../errors.ts';
import { visibleLine } from '../text/visible.ts';
import type { AnyObject, KubeObject } from '../types.ts';

/** What an event is about. */
export interface ObjectReference {
  apiVersion?: string | undefined;
  kind?: string | undefined;
  name?: string | undefined;
  namespace?: string | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  fieldPath?: string | undefined;
}

/** One event. The caller chooses `name` so that recording the same event twice results in one event. */
export interface EventInput {
  name: string;
  /** That of `regarding` by default, or `default` for cluster-scoped objects. */
  namespace?: string | undefined;
  regarding: ObjectReference;
  related?: ObjectReference | undefined;
  type?: 'Normal' | 'Warning' | undefined;
  reason: string;
  action: string;
  note: string;
}

/** `created` is false if the event existed already. */
export type EventOutcome = { ok: true; created: boolean } | { ok: false; error: Error };

export interface EventRecorderOptions {
  client: KubeClient;
  /** The reporting controller, a qualified name such as `example.org/operator`. */
  controller: string;
  /** The reporting instance: the pod's name. */
  instance: string;
  clock?: Clock | undefined;
}

const MAX_NOTE_BYTES = 1024;
const MAX_WORD = 128;

/** Writes events.k8s.io/v1 events. Each is sent once; whether to come back to a failed one is the caller's to decide. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Writes one event. Never rejects. An existing event of that name counts as success. */
  async record(input: EventInput, signal?: AbortSignal): Promise<EventOutcome> {
    try {
      await this.#options.client.create(events, this.#eventOf(input), { signal, timeoutMs: 10_000 });
      return { ok: true, created: true };
    } catch (thrown) {
      return isAlreadyExists(thrown) ? { ok: true, created: false } : { ok: false, error: toError(thrown) };
    }
  }

  #eventOf(input: EventInput): AnyObject {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: input.name, namespace: input.namespace ?? input.regarding.namespace ?? 'default' },
      eventTime: microTime(this.#clock.now()),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, MAX_WORD),
      type: input.type ?? 'Normal',
      reason: input.reason.slice(0, MAX_WORD),
      action: input.action.slice(0, MAX_WORD),
      note: trimToBytes(visibleLine(input.note), MAX_NOTE_BYTES),
      regarding: input.regarding,
      ...(input.related ? { related: input.related } : {}),
    };
  }
}

/** A reference to an object, for `regarding` and `related`. */
export function referenceTo(object: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion };
}

/** At most `max` bytes of UTF-8, cut between characters and ended with `…` if anything was cut. Lone surrogates become U+FFFD. */
export function trimToBytes(text: string, max: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= max) return text.toWellFormed();
  let end = max - 3;
  // 10xxxxxx continues a character: step back to where one begins.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}
