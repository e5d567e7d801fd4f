import type { Line } from './terminal-svg.ts';

/** The longest that nothing happens, in seconds. */
const MOST = 1;
/** For each line of a section, before the next one begins: what it takes to read. */
const READING = 0.09;
/** Lines that came at once still appear one after the other. */
const LEAST = 0.03;

/** Gives the lines of a recording times at which a person can follow them: waits are cut short, and each section stays for a while. */
export function pace(lines: readonly Line[], isHeading: (text: string) => boolean): Line[] {
  let [at, before, unread] = [0, lines[0]?.at ?? 0, 0];
  return lines.map((line) => {
    const waited = Math.min(MOST, Math.max(LEAST, line.at - before));
    const heading = isHeading(line.text);
    at += waited + (heading ? unread * READING : 0);
    unread = heading ? 0 : unread + 1;
    before = line.at;
    return { ...line, at };
  });
}
