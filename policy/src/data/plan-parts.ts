import { type ActionPlanPartSpec, type Effect, type FieldChange, PARTS_MAX, PIECE_MAX } from '@sentinel/crds';

/** How many fields of an effect a plan lists. */
const FIELDS_MAX = 64;
/** The longest values and line differences that stand in a plan as a whole; see FieldChange. */
const VALUE_MAX = 2048;
const LINES_MAX = 8192;
/** What a plan shows of a change that is in a part. */
const PREVIEW = 2048;
/** What all changes in a plan, and all in one part, come to as JSON, in bytes. The API server stores objects of up to 1.5 MiB. */
const PLAN_BYTES = 256 * 1024;
const PART_BYTES = 700 * 1024;
const PIECE_BYTES = 500 * 1024;

/** Effects as a plan holds them, and the parts that hold what has no room in it. */
export interface PlacedChanges {
  readonly effects: Effect[];
  readonly parts: ActionPlanPartSpec[];
}

/**
 * Divides the changes of a plan between the plan and its parts, so that each is an object that can be stored. Nothing is left out
 * while there are parts; then it is marked as `cut` at its field, or counted in `hiddenChanges`.
 */
export function placeChanges(effects: readonly Effect[]): PlacedChanges {
  const parts: Parts = { list: [], room: 0 };
  let used = 0;
  const placed = effects.map(({ change, ...effect }): Effect => {
    if (change === undefined) return effect;
    const listed: FieldChange[] = [];
    let more: Effect['more'];
    let lost = 0;
    for (const [field, one] of change.entries()) {
      const isListed = more === undefined && field < FIELDS_MAX && used < PLAN_BYTES;
      if (isListed && isShort(one)) {
        listed.push(one);
        used += bytesOf(one);
        continue;
      }
      const part = addToParts(parts, effect.index, field, one);
      if (part === undefined) lost++;
      if (isListed) {
        const preview = previewOf(one, part);
        listed.push(preview);
        used += bytesOf(preview);
      } else if (part !== undefined) more = { fields: (more?.fields ?? 0) + 1, part: more?.part ?? part };
    }
    const hidden = (effect.hiddenChanges ?? 0) + lost;
    return { ...effect, change: listed, ...(more ? { more } : {}), ...(hidden > 0 ? { hiddenChanges: hidden } : {}) };
  });
  return { effects: placed, parts: parts.list };
}

const bytesOf = (value: object) => Buffer.byteLength(JSON.stringify(value));

const isShort = ({ before = '', after = '', lines = '' }: FieldChange) =>
  before.length <= VALUE_MAX && after.length <= VALUE_MAX && lines.length <= LINES_MAX;

function previewOf({ before, after, lines, ...rest }: FieldChange, part: number | undefined): FieldChange {
  return {
    ...rest,
    ...(before === undefined ? {} : { before: beginningOf(before) }),
    ...(after === undefined ? {} : { after: beginningOf(after) }),
    ...(lines === undefined ? {} : { lines: firstRows(lines) }),
    ...(part === undefined ? { cut: true } : { part }),
  };
}

const beginningOf = (text: string) => (text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX - 1).toWellFormed()}…`);

function firstRows(lines: string): string {
  if (lines.length <= PREVIEW) return lines;
  const end = lines.lastIndexOf('\n', PREVIEW);
  return lines.slice(0, end > 0 ? end : PREVIEW).toWellFormed();
}

/** The parts of a plan while it is made, and how many bytes still have room in the last one. */
interface Parts {
  readonly list: ActionPlanPartSpec[];
  room: number;
}

// The number of the part in which the first piece is; undefined when the parts have no room for all of them.
function addToParts(parts: Parts, effect: number, field: number, change: FieldChange): number | undefined {
  const { list } = parts;
  const pieces = piecesOf(change).map((piece) => ({ effect, field, ...piece }));
  const { groups, room } = divide(pieces, parts.room);
  const [begun = [], ...others] = groups;
  if (list.length + others.length > PARTS_MAX) return undefined;
  parts.room = room;
  list.at(-1)?.changes.push(...begun);
  const first = begun.length > 0 ? list.length : list.length + 1;
  for (const changes of others) list.push({ number: list.length + 1, changes });
  return first;
}

// What still has room in a part that is begun, and then what goes into each new one.
function divide<T extends object>(pieces: readonly T[], room: number): { groups: T[][]; room: number } {
  const groups: T[][] = [[]];
  let left = room;
  for (const piece of pieces) {
    const bytes = bytesOf(piece) + 1;
    if (bytes > left) {
      groups.push([]);
      left = PART_BYTES;
    }
    groups.at(-1)?.push(piece);
    left -= bytes;
  }
  return { groups, room: left };
}

type Piece = Omit<ActionPlanPartSpec['changes'][number], 'effect' | 'field'>;

// A change that is short enough is one piece; else each of its texts is several.
function piecesOf({ part: _, before, after, lines, ...rest }: FieldChange): Piece[] {
  const whole: Piece = {
    ...rest,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(lines === undefined ? {} : { lines }),
  };
  if (bytesOf(whole) <= PIECE_BYTES) return [whole];
  const texts = { before, after, lines };
  return (['before', 'after', 'lines'] as const).flatMap((key) => {
    const text = texts[key];
    return text === undefined ? [] : cutText(text).map((piece) => ({ ...rest, [key]: piece }));
  });
}

function cutText(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length || pieces.length === 0; ) {
    let end = Math.min(text.length, at + PIECE_MAX);
    while (Buffer.byteLength(JSON.stringify(text.slice(at, end))) > PIECE_BYTES) end = at + Math.ceil((end - at) / 2);
    if (end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1))) end--;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** The effects of a plan with everything that its parts hold: the reverse of {@link placeChanges}. */
export function joinParts(effects: readonly Effect[], parts: readonly ActionPlanPartSpec[]): Effect[] {
  const whole = new Map<string, FieldChange>();
  const fields = new Map<number, number[]>();
  for (const { effect, field, ...piece } of parts.flatMap(({ changes }) => changes)) {
    const key = `${effect}/${field}`;
    const begun = whole.get(key);
    if (!begun)
      fields
        .set(effect, fields.get(effect) ?? [])
        .get(effect)
        ?.push(field);
    whole.set(key, begun ? joined(begun, piece) : piece);
  }
  return effects.map(({ more: _, ...effect }) => {
    if (effect.change === undefined) return effect;
    const listed = effect.change.map((one, field) =>
      one.part === undefined ? one : (whole.get(`${effect.index}/${field}`) ?? one),
    );
    const others = (fields.get(effect.index) ?? []).filter((field) => field >= listed.length);
    return { ...effect, change: [...listed, ...others.flatMap((field) => whole.get(`${effect.index}/${field}`) ?? [])] };
  });
}

function joined(begun: FieldChange, piece: FieldChange): FieldChange {
  const added = (key: 'before' | 'after' | 'lines') =>
    piece[key] === undefined ? {} : { [key]: (begun[key] ?? '') + piece[key] };
  return { ...begun, ...added('before'), ...added('after'), ...added('lines') };
}
