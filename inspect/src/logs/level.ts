/** What a line says of itself: whether it reports an error, and its message without level and other fields. */
export interface Reading {
  readonly isError: boolean;
  readonly message: string;
}

const ERROR_WORD = /^(e|err|error|fatal|f|panic|crit|critical|severe|alert|emerg|emergency)$/i;
/** Level numbers of bunyan and pino: 50 is error, 60 is fatal. */
const ERROR_NUMBER = 50;

/** Reads a line of a log: JSON, logfmt, klog, or plain text with a level at its beginning. */
export function readLevel(text: string): Reading {
  return fromJson(text) ?? fromLogfmt(text) ?? fromKlog(text) ?? fromPlain(text);
}

function fromJson(text: string): Reading | undefined {
  if (!text.startsWith('{')) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const own = (...names: readonly string[]): unknown =>
    names
      .map((name) => (Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined))
      .find((value) => value !== undefined);
  const level = own('level', 'severity', 'lvl', 'log.level', 'levelname', '@l');
  const message = own('msg', 'message', 'error', 'err', '@m');
  if (level === undefined) return undefined;
  return { isError: isErrorLevel(level), message: typeof message === 'string' ? message : text };
}

const isErrorLevel = (level: unknown): boolean =>
  typeof level === 'number' ? level >= ERROR_NUMBER : typeof level === 'string' && ERROR_WORD.test(level);

// Only outside of quotes, so that a quoted message cannot name a level of its own.
function fromLogfmt(text: string): Reading | undefined {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"?/g, '""');
  const [, level] = /(?:^|\s)(?:level|lvl|severity)=([a-zA-Z]+)(?=\s|$)/.exec(bare) ?? [];
  if (level === undefined) return undefined;
  const [, quoted, plain] = /(?:^|\s)(?:msg|message)=(?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(text) ?? [];
  return { isError: isErrorLevel(level), message: quoted ?? plain ?? text };
}

function fromKlog(text: string): Reading | undefined {
  const [, level = '', message = ''] = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+\] (.*)$/s.exec(text) ?? [];
  return level === '' ? undefined : { isError: level === 'E' || level === 'F', message };
}

/** Words at the beginning of a line that say its level, and forms that runtimes print when a program ends. */
const LEVEL_FIRST =
  /^[^A-Za-z]{0,40}(?:\S+ ){0,3}?[[(<]?(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|PANIC|SEVERE)\b/;
const CRASH =
  /^(panic: |fatal error: |Traceback \(most recent call last\)|Exception in thread |Caused by: |Uncaught |Unhandled |Segmentation fault|\S*(?:Error|Exception)(?:: | \[))/;

function fromPlain(text: string): Reading {
  const start = text.slice(0, 200);
  const [, level] = LEVEL_FIRST.exec(start) ?? [];
  if (level !== undefined) return { isError: ERROR_WORD.test(level), message: text };
  return { isError: CRASH.test(start) || /^(error|fatal)\b[:\s]/i.test(start), message: text };
}
