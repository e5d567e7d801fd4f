import { z } from 'zod';

/**
 * Building blocks of the kinds. Every string, list and number is bounded here, because the API server computes the cost of
 * CEL rules from the bounds and because a status must stay small for any input of agents.
 */

/** Marks a field that is not implemented yet: the generator adds a CEL rule that refuses it, so that it is never silently ignored. */
export const unsupported = { 'x-sentinel-unsupported': true } as const;

/**
 * Marks a copy of the spec of another kind. The API server has checked the original and filled in its defaults, so the generator
 * leaves rules and defaults out of the copy: a default that a later version adds must not change what was copied.
 */
export const copied = { 'x-sentinel-copied': true } as const;

/** A CEL rule of an object or a field, evaluated by the API server. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
  /** The field that the message is about, such as `.name`; the place of the rule when left out. */
  readonly fieldPath?: string;
}

/** The metadata that carries CEL rules into the generated schema. */
export const rules = (...list: readonly Rule[]) => ({ 'x-kubernetes-validations': list });

/** Free text of at most `max` characters. */
export const text = (max: number, description: string) => z.string().min(1).max(max).describe(description);

/** The name of an object: a DNS subdomain. */
export const objectName = (description: string) =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .describe(description);

/** A short identifier inside an object: a DNS label. */
export const label = (description: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe(description);

/** A duration such as `30s`, `15m`, `4h` or `90d`. */
export const duration = (description: string) =>
  z
    .string()
    .max(8)
    .regex(/^[1-9][0-9]*(s|m|h|d)$/)
    .describe(description);

/** A number of bytes such as `512Ki`, `64Mi` or `1Gi`. */
export const quantity = (description: string) =>
  z
    .string()
    .max(8)
    .regex(/^[1-9][0-9]{0,5}(Ki|Mi|Gi)$/)
    .describe(description);

/** A point in time, RFC 3339 in UTC. */
export const time = (description: string) => z.string().max(40).meta({ format: 'date-time' }).describe(description);

/** A SHA-256 digest in the form `sha256:<64 hexadecimal digits>`. */
export const digest = (description: string) =>
  z
    .string()
    .max(71)
    .regex(/^sha256:[a-f0-9]{64}$/)
    .describe(description);

/** A uid as the API server gives it. */
export const uid = (description: string) => z.string().max(64).describe(description);

/** A list whose order matters and whose entries may repeat. */
export const list = <T extends z.ZodType>(item: T, max: number, description: string) =>
  z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'atomic' }).describe(description);

/** A list of scalars without repeats. */
export const set = <T extends z.ZodType>(item: T, max: number, description: string) =>
  z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'set' }).describe(description);

/** A list of objects in which `key` names each entry once. */
export const mapList = <T extends z.ZodType>(item: T, key: string, max: number, description: string) =>
  z
    .array(item)
    .max(max)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] })
    .describe(description);

/** A whole number within bounds. */
export const integer = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).meta({ format: 'int32' }).describe(description);

/** The decision of a rule about a request. Deny is stricter than RequireApproval, which is stricter than Allow. */
export const Decision = z.enum(['Allow', 'RequireApproval', 'Deny']);
export type Decision = z.infer<typeof Decision>;

/** How much harm a change can do, from fixed rules. */
export const RiskLevel = z.enum(['Low', 'Medium', 'High', 'Critical']);
export type RiskLevel = z.infer<typeof RiskLevel>;

/** A condition, as every kind of this group carries it in `status.conditions`. */
export const Condition = z
  .object({
    type: z.string().max(63).describe('Name of the condition.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
    reason: z.string().max(128).describe('One word for machines: the constant that the reference of conditions explains.'),
    message: z.string().max(2048).describe('A sentence for people.'),
    observedGeneration: z
      .int()
      .min(0)
      .meta({ format: 'int64' })
      .describe('The generation of the object that this condition applies to.')
      .optional(),
    lastTransitionTime: time('When the status of the condition last changed.'),
  })
  .describe('One observation about the object.');
export type Condition = z.infer<typeof Condition>;

export const conditions = () => mapList(Condition, 'type', 16, 'Observations about the object, one per type.').optional();

export const observedGeneration = () =>
  z.int().min(0).meta({ format: 'int64' }).describe('The generation that the controller last handled in full.').optional();

/** What each approval of a plan must say. */
export const reasonsRequired = z
  .object({
    comment: z.boolean().describe('Whether it must have a comment.').optional(),
    tickets: set(
      z.string().min(1).max(256),
      64,
      'RE2 expressions of tickets. For each of them, an approval must have a comment with a word that matches it as a whole.',
    ).optional(),
  })
  .describe('What each approval must say. Left out if no policy requires anything.');

/** Values for the parameters of a Playbook, by their names. */
export const parameterValues = (description: string) =>
  mapList(
    z.object({
      name: z.string().min(1).max(63).describe('Name of the parameter.'),
      value: z.string().max(1024).describe('Its value.'),
    }),
    'name',
    32,
    description,
  );
