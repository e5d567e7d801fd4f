/** From quiet to loud: a logger writes its level and those before it. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
/** Facts beside a constant message. An Error under any name is written as its message, name and stack. */
export type LogFields = Record<string, unknown>;

/** Writes one JSON object per line. Never throws. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line, under the same name or a longer one. */
  child(fields: LogFields, name?: string): Logger;
}

export interface LoggerOptions {
  level?: LogLevel | undefined;
  name?: string | undefined;
  fields?: LogFields | undefined;
  /** Where lines go; stderr by default. */
  write?: ((line: string) => void) | undefined;
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** A logger for programs: `{"ts","level","logger","msg",...fields}` to stderr. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', name = '', fields = {}, write = toStderr } = options;
  const loudest = LEVELS.indexOf(level);
  const log = (at: LogLevel) => (msg: string, more?: LogFields) => {
    if (LEVELS.indexOf(at) > loudest) return;
    write(`${lineOf({ ts: new Date().toISOString(), level: at, logger: name, msg, ...fields, ...more })}\n`);
  };
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    child: (more, longer) => createLogger({ level, write, name: joined(name, longer), fields: { ...fields, ...more } }),
  };
}

/** Writes nothing: for tests and for libraries that were given no logger. */
export const silentLogger: Logger = createLogger({ write: () => undefined });

function joined(name: string, longer: string | undefined): string {
  if (longer === undefined) return name;
  return name === '' ? longer : `${name}.${longer}`;
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function lineOf(record: LogFields): string {
  try {
    return JSON.stringify(record, plain);
  } catch {
    // A cycle: the facts are lost, the message is not.
    return JSON.stringify({
      ts: record.ts,
      level: record.level,
      logger: record.logger,
      msg: record.msg,
      fields: 'not serialisable',
    });
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
