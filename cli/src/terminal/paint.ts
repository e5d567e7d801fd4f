import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
/** Gives a text of ours a style. */
export type Paint = (style: Style, text: string) => string;

/** Paints when colours are wanted, else leaves text as it is. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;

const colours: Readonly<Record<string, Style>> = { Low: 'green', Medium: 'yellow', High: 'red', Critical: ['red', 'bold'] };

/** The colour of a risk; one that is not known is taken for the worst. */
export const riskColour = (level: string): Style => colours[level] ?? 'red';
