/** A seeded source of choices, so that every run can be repeated. */
export interface Random {
  readonly below: (count: number) => number;
  readonly chance: (share: number) => boolean;
  readonly of: <T>(list: readonly [T, ...T[]] | readonly T[]) => T;
}

/** Mulberry32: small, fast, and good enough to choose shell syntax. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    below,
    chance: (share) => next() < share,
    of: (list) => {
      const one = list[below(list.length)];
      if (one === undefined) throw new Error('nothing to choose from');
      return one;
    },
  };
}
