/** One line of a log as the kubelet keeps it. */
export interface LogLine {
  /** RFC 3339, from the container runtime; undefined if the line came without one. */
  readonly time: string | undefined;
  readonly text: string;
  readonly pod: string;
  readonly container: string;
}

/** A longer line is cut before anything looks at it: what identifies an error is at its beginning. */
const LINE_MAX = 2000;
const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (.*)$/s;

/** The lines of a log that was read with `timestamps=true`. */
export function readLines(log: string, pod: string, container: string): LogLine[] {
  return log.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    const [, stamp, text = ''] = STAMPED.exec(line) ?? [];
    const at = Date.parse(stamp ?? '');
    const isStamped = stamp !== undefined && !Number.isNaN(at);
    return [
      {
        time: isStamped ? new Date(at).toISOString() : undefined,
        text: (isStamped ? text : line).slice(0, LINE_MAX),
        pod,
        container,
      },
    ];
  });
}
