/** A value that holds, and the layer that it comes from: a policy and the field in it. */
export interface EffectiveValue {
  readonly field: string;
  readonly value: string;
  readonly policy: string;
  readonly path: string;
  /** What other policies say, and what does not hold because this is stricter. */
  readonly insteadOf?: readonly string[];
}
