const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A quantity of Kubernetes (resource.Quantity) as a number, which is exact enough to compare shares; undefined if the text is not a
 * quantity.
 */
export function numberOf(text: string): number | undefined {
  const [, digits, exponent, suffix = ''] =
    /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3})|([a-zA-Z]{0,2}))$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  if (exponent !== undefined) return Number(`${digits}e${exponent}`);
  const unit = Object.hasOwn(units, suffix) ? units[suffix] : undefined;
  return unit === undefined ? undefined : Number(digits) * unit;
}

/** The part of a quota that is used. 0 for a quota of nothing, which forbids a resource and cannot be used up; undefined if unreadable. */
export function shareOf(used: string, hard: string): number | undefined {
  const most = numberOf(hard);
  const now = numberOf(used);
  if (most === undefined || now === undefined) return undefined;
  return most === 0 ? 0 : now / most;
}
