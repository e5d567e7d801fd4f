import { RE2JS } from 're2js';
import { type Range, rangesOf } from './ranges.ts';

/** Names beside which a secret stands, as an expression for any case. */
export const NAMES_OF_SECRETS = 'passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key';

const raw = String.raw;
const NAME = `(?:${NAMES_OF_SECRETS})[a-z0-9_-]*`;
// Words of their own as well: tests pass, and a shell has a `pwd`.
const SHORT = '(?:db|user|admin|root)?(?:pass|pwd)';
const KEY = '-----(?:BEGIN|END) [A-Z ]*PRIVATE KEY(?: BLOCK)?-----';
const [BEGIN, END] = [KEY.replace('|END', ''), KEY.replace('BEGIN|', '')];
// What may stand in a key, and nothing else: anyone who writes such a mark into a script would choose what people do not see of it.
const GAP = raw`(?:[\s"',+]|\\+[nrt])*`;
const NEWLINE = raw`[ \t"',+]*(?:\r?\n|\\+[nr])${GAP}`;
const HEADER = '(?:Proc-Type|DEK-Info): ?[A-Z0-9,-]{1,64}';
const FULL_LINE = '[A-Za-z0-9+/=]{40,}';
const LAST_LINE = '[A-Za-z0-9+/=]{1,76}';
// Texts are found inside of JSON inside of JSON: quotes, and ends of lines, may be escaped.
const QUOTE = raw`(?:\\*["'])?`;
const SPACE = raw`(?:\s|\\+[nrt])*`;
const IS = raw`${QUOTE}${SPACE}(?::=|=>|[:=])${SPACE}`;
// In quotes up to the end of the quotes, or of the line where that is cut off; else one word.
const VALUE = [
  raw`(?:\\+"((?:[^"\\\n]|\\{3}"|\\{2}[^"]|\\[^"\\]){4,})`,
  raw`"((?:[^"\\\n]|\\.){4,})`,
  raw`'([^'\n]{4,})`,
  raw`${QUOTE}([^\s"',;}\]]{3,}[^\s"',;}\]\\]))`,
].join('|');

/** An expression, and what a text has in it that is worth asking: most texts have nothing of the kind. */
interface Form {
  readonly hint: RegExp;
  readonly pattern: RE2JS;
}
const form = (hint: RegExp, pattern: string): Form => ({ hint, pattern: RE2JS.compile(pattern) });
const named = new RegExp(`${NAMES_OF_SECRETS}|[_-]pass|_pwd`, 'i');

// What the rules of secretlint do not look for, because they look for secrets of known makers alone.
const forms = [
  form(
    /PRIVATE KEY/i,
    raw`(?i)${BEGIN}(?:${NEWLINE}(?:${HEADER}|${LAST_LINE})|${GAP}${FULL_LINE})*(?:${GAP}${LAST_LINE})?${GAP}${END}`,
  ),
  form(/PRIVATE KEY/i, raw`(?i)${BEGIN}(?:${GAP}(?:${HEADER}|${FULL_LINE}))*(?:${NEWLINE}${LAST_LINE}${GAP}$)?`),
  form(/bearer/i, raw`(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,})`),
  form(/authorization/i, raw`(?i)\bauthorization${IS}${QUOTE}(?:basic|digest|token)\s+([^\s"',;}\]\\]{4,})`),
  form(/eyJ/, raw`\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`),
  form(/:\/\//, raw`(?i)[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@`),
  form(/AKIA|ASIA/, raw`\b((?:AKIA|ASIA)[A-Z0-9]{16})\b`),
  form(named, raw`(?i)${NAME}${IS}${VALUE}`),
  form(
    /value/i,
    raw`(?i)\b(?:name|key)${IS}${QUOTE}[a-z0-9_.-]*(?:${NAME}|_pass|_pwd)${QUOTE}(?:,|\s|\\+[nrt])*${QUOTE}value${IS}${VALUE}`,
  ),
  form(named, raw`(?i)(?:^|[\s"'])--?[a-z0-9_-]*(?:${NAMES_OF_SECRETS}|-pass)[\s"',\\]+([^\s"',;\\-][^\s"',;\\]{3,})`),
  form(/curl/i, raw`(?i)\bcurl\b[^\n]*?[\s"'](?:-[a-z]*u[\s"',=\\]*|--(?:proxy-)?user[\s"',=\\]+)[^\s:"']*:([^\s"'\\]+)`),
  form(/<\//, raw`(?i)<[a-z0-9_.:-]*${NAME}(?:\s[^<>]*)?>([^<]+)</`),
];
const short = [
  raw`(?i)(?:^|[^a-z0-9])${SHORT}${QUOTE}\s?=\s?${VALUE}`,
  raw`(?i)(?:_${SHORT}${QUOTE}|["']${SHORT}\\*["'])\s*:${SPACE}${VALUE}`,
  raw`(?m)^[ \t]*(?:- )?(?:[a-z0-9]+[_-])*${SHORT}:[ \t]+${VALUE}["']?[ \t]*$`,
].map((pattern) => form(/pass|pwd/i, pattern));
/** What else stands beside such a word: results, counts, folders. */
const ORDINARY = /^(?:\/.*|[\d.,:%/]+[a-z]{0,2}|true|false|none|null)$/i;

const GROUPS = 4;

/** Where a text has secrets in the forms in which people and programs write them. */
export function inForms(text: string): Range[] {
  const beside = inAny(short, text).filter(([start, end]) => !ORDINARY.test(text.slice(start, end)));
  const found = [...inAny(forms, text), ...beside].filter(([start, end]) => !isCommand(text.slice(start, end)));
  return [...found, ...inAny([tail], text), ...blocks(text)];
}

const inAny = (list: readonly Form[], text: string): Range[] =>
  list.flatMap(({ hint, pattern }) => (hint.test(text) ? rangesOf(pattern, text, GROUPS) : []));

// The end of a key whose beginning is cut off.
const tail = form(/-----END/i, raw`(?i)(?:${FULL_LINE}${GAP}|${LAST_LINE}${NEWLINE})*(?:${LAST_LINE}${GAP})?${END}`);

/**
 * Whether a text is something that a shell would execute or expand, so no secret: an agent that writes it beside the name of one must not
 * have it hidden.
 */
export const isCommand = (text: string): boolean => /\$[({]|`/.test(text) || (/\s/.test(text) && /[|;&<>]/.test(text));

const blockHead = form(
  /[|>]/,
  raw`(?i)(?:${NAME}|_pass|_pwd)${QUOTE}[ \t]*:[ \t]*(?:![^\s]*[ \t]+)?[|>][0-9+-]*[ \t]*(?:\r?\n|\\+n)`,
);

// The lines of a YAML block beside such a name: those that are indented deeper than the name is.
function blocks(text: string): Range[] {
  const found: Range[] = [];
  let at = 0;
  for (const [start, first] of blockHead.hint.test(text) ? rangesOf(blockHead.pattern, text) : []) {
    if (start < at) continue;
    const newline = text.endsWith('\n', first) ? '\n' : '\\n';
    const own = text.lastIndexOf(newline, start - 1);
    const outer = indent(text, own < 0 ? 0 : own + newline.length, ' -');
    at = first;
    while (at < text.length) {
      const end = lineEnd(text, at, newline);
      const deep = indent(text, at, ' ');
      if (at + deep < end && deep <= outer) break;
      // Several words are no secret: they may be a script.
      if (!/\s/.test(text.slice(at + deep, end).trimEnd())) found.push([at + deep, end]);
      at = end + newline.length;
      if (!text.startsWith(newline, end)) break;
    }
  }
  return found;
}

function indent(text: string, at: number, of: string): number {
  let end = at;
  while (end < text.length && of.includes(text.charAt(end))) end++;
  return end - at;
}

// Escaped, the last line ends with the string that it is in.
function lineEnd(text: string, at: number, newline: string): number {
  const ends = newline === '\n' ? /\n/g : /\\n|\\?"|\n/g;
  ends.lastIndex = at;
  return ends.exec(text)?.index ?? text.length;
}
