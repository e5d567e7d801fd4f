/** A JSON schema, draft 7, as far as the values of the chart need one. */
export type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' };
const named = { type: 'string', minLength: 1 };
const quantity = { type: ['string', 'number'], pattern: '^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$' };
const quantities = { type: 'object', additionalProperties: quantity };

/** The objects of templates/keys.yaml, in the same order. */
export const KEY_NAMES = [
  'sentinel-webhook-seal',
  'sentinel-seal-keys',
  'sentinel-gateway-seal',
  'sentinel-statement-keys',
  'sentinel-acts',
  'sentinel-acts-trail',
  'sentinel-webhook-ca',
  'sentinel-gateway-ca',
  'sentinel-evidence-ca',
] as const;

/** The labels by which Services, Deployments and NetworkPolicies select pods of the programs. */
export const SELECTING_LABELS = ['app.kubernetes.io/name', 'app.kubernetes.io/component', 'app.kubernetes.io/part-of'] as const;

/**
 * What `# @schema {$ref: "#/$defs/NAME"}` in values.yaml refers to. Parts of pods whose form Kubernetes defines (affinity, peers) are
 * checked by the API server alone, which refuses unknown fields when Helm applies them.
 */
export const definitions: Readonly<Record<string, Schema>> = {
  trustedDigests: {
    type: 'array',
    maxItems: 256,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['digest'],
      properties: {
        digest: { type: 'string', pattern: '^sha256:[a-f0-9]{64}$' },
        name: { type: 'string', minLength: 1, maxLength: 253 },
        comment: { type: 'string', minLength: 1, maxLength: 256 },
      },
    },
  },
  affinity: {
    type: 'object',
    additionalProperties: false,
    properties: { nodeAffinity: { type: 'object' }, podAffinity: { type: 'object' }, podAntiAffinity: { type: 'object' } },
  },
  age: { type: 'string', pattern: '^[1-9][0-9]{0,5}[smhd]$' },
  countOrPercentage: { type: ['integer', 'string'], minimum: 0, pattern: '^(100|[1-9]?[0-9])%$' },
  cpu: { type: 'string', pattern: '^[1-9][0-9]{0,2}m$' },
  interval: { type: 'string', pattern: '^[1-9][0-9]{0,3}[sm]$' },
  keyNames: { type: 'array', uniqueItems: true, items: { enum: KEY_NAMES } },
  names: { type: 'array', items: named },
  networkPolicyPeers: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: { ipBlock: { type: 'object' }, namespaceSelector: { type: 'object' }, podSelector: { type: 'object' } },
    },
  },
  podLabels: { type: 'object', additionalProperties: text, propertyNames: { not: { enum: SELECTING_LABELS } } },
  ports: { type: 'array', minItems: 1, items: { type: 'integer', minimum: 1, maximum: 65535 } },
  pullSecrets: {
    type: 'array',
    items: { type: 'object', additionalProperties: false, required: ['name'], properties: { name: named } },
  },
  quantity: { type: 'string', pattern: '^[1-9][0-9]{0,5}(Ki|Mi|Gi)$' },
  resources: {
    type: 'object',
    additionalProperties: false,
    properties: { requests: quantities, limits: quantities, claims: { type: 'array', items: { type: 'object' } } },
  },
  tolerations: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      properties: {
        key: text,
        operator: { enum: ['Exists', 'Equal'] },
        value: text,
        effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
        tolerationSeconds: { type: 'integer' },
      },
    },
  },
  topologySpreadConstraints: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
      properties: {
        maxSkew: { type: 'integer', minimum: 1 },
        minDomains: { type: 'integer', minimum: 1 },
        topologyKey: named,
        whenUnsatisfiable: { enum: ['DoNotSchedule', 'ScheduleAnyway'] },
        labelSelector: { type: 'object' },
        matchLabelKeys: { type: 'array', items: text },
        nodeAffinityPolicy: { enum: ['Honor', 'Ignore'] },
        nodeTaintsPolicy: { enum: ['Honor', 'Ignore'] },
      },
    },
  },
};
