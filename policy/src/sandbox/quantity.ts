/** Whether two texts are the same quantity: the API server writes '1000m' as '1', and '1024Mi' as '1Gi'. */
export function isSameQuantity(a: string, b: string): boolean {
  const ofA = quantityOf(a);
  return ofA !== undefined && ofA === quantityOf(b);
}

const units: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  '': 1_000_000_000n,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  Ki: 2n ** 10n * 10n ** 9n,
  Mi: 2n ** 20n * 10n ** 9n,
  Gi: 2n ** 30n * 10n ** 9n,
  Ti: 2n ** 40n * 10n ** 9n,
};

/** A quantity in units of 10^-9, the smallest that Kubernetes has; undefined if the text is not a quantity. */
export function quantityOf(text: string): bigint | undefined {
  const [, whole, fraction = '', suffix = ''] = /^([0-9]{1,15})(?:\.([0-9]{1,9}))?([a-zA-Z]{0,2})$/.exec(text) ?? [];
  const unit = units[suffix];
  if (whole === undefined || unit === undefined) return undefined;
  return (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length);
}
