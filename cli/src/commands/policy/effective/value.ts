/** An effective value, and where it comes from: a policy and the field in it. */
export interface EffectiveValue {
  readonly field: string;
  readonly value: string;
  readonly policy: string;
  readonly path: string;
  /** The values of other policies that are not effective because this one is stricter. */
  readonly insteadOf?: readonly string[];
}
