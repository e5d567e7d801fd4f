import { escapeKey } from '../object/pointer.ts';

/**
 * JSON has numbers of any size, and JavaScript keeps about 16 digits. A number that cannot be represented would be compared and written back
 * as another number, without a visible difference.
 */

/** A number of a JSON text that JavaScript cannot hold exactly. */
export interface InexactNumber {
  /** The number as the text has it. */
  readonly source: string;
  /** JSON pointer to it, with at most 256 characters. */
  readonly path: string;
}

const PATH_MAX = 256;

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
// The source of a value is part of ECMAScript (JSON.parse source text access); the types of TypeScript do not have it everywhere.
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown;

// Up to 15 digits always survive, and so does an exponent of one digit behind them. Most texts hold no more and are not read twice.
const SUSPECT = /\d[\d.]{15}|\d[eE][+-]?\d\d/;

/** The first number that does not survive in a valid JSON text, whose depth has been limited; undefined when all of them do. */
export function findInexactNumber(text: string): InexactNumber | undefined {
  if (!SUSPECT.test(text)) return undefined;
  let found: { readonly source: string } | undefined;
  const value = parseWith(text, (_, value, { source }) => {
    if (found !== undefined || typeof value !== 'number' || source === undefined) return value;
    if (decimal(source) === decimal(String(value))) return value;
    found = { source: source.slice(0, 64) };
    return found;
  });
  return found && { source: found.source, path: pathTo(found, value).slice(0, PATH_MAX) };
}

/** Describes the number for a message. */
export const describeInexact = ({ source, path }: InexactNumber): string => `the number ${source} at ${path}`;

// A reviver does not get the path, so the value is searched by its identity.
function pathTo(wanted: unknown, value: unknown): string {
  const open: [path: string, value: unknown][] = [['', value]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, here] = next;
    if (here === wanted) return path;
    if (typeof here !== 'object' || here === null) continue;
    for (const [key, entry] of Object.entries(here))
      if (typeof entry === 'object' && entry !== null) open.push([`${path}/${escapeKey(key)}`, entry]);
  }
  return '';
}

// Canonical text of a number: digits without leading and trailing zeros, and the power of ten.
function decimal(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = withoutEndingZeros(digits);
  if (whole === '') return number;
  if (short === '') return '0';
  return `${sign}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

// A regular expression for it would take the square of the length where zeros stand in the middle.
function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
