import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
/** Adds a style to a text of this program. */
export type Paint = (style: Style, text: string) => string;

/** Adds colours if they are enabled, otherwise returns the text unchanged. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;

const colours: Readonly<Record<string, Style>> = { Low: 'green', Medium: 'yellow', High: 'red', Critical: ['red', 'bold'] };

/** The colour of a risk; an unknown level gets that of the highest. */
export const riskColour = (level: string): Style => colours[level] ?? 'red';
