/** A number with its noun: `1 effect`, `2 effects`. */
export const count = (many: number, what: string, plural = `${what}s`): string => `${many} ${many === 1 ? what : plural}`;
