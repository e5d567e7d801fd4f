import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../v1alpha1/kinds.ts';
import { customResourceDefinition } from './crd.ts';

// The definitions as they are installed (`make check` compares the files with them): every value has a bound, and an object within these
// bounds has few places for faults.

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly enum?: readonly unknown[];
  readonly format?: string;
}
interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Node } }[];
  };
}

const definitions = kinds.map((kind) => customResourceDefinition(kind) as unknown as Definition);

/** Every node below `spec` and `status`. The rest is metadata, which the API server bounds. */
function* nodesOf(node: Node, path: string): Generator<readonly [path: string, node: Node]> {
  yield [path, node];
  for (const [name, property] of Object.entries(node.properties ?? {})) yield* nodesOf(property, `${path}.${name}`);
  if (typeof node.additionalProperties === 'object') yield* nodesOf(node.additionalProperties, `${path}.*`);
  if (node.items) yield* nodesOf(node.items, `${path}[]`);
}

function whyUnbounded(node: Node): string | undefined {
  if ('x-kubernetes-preserve-unknown-fields' in node || 'x-kubernetes-int-or-string' in node) return 'it may be anything';
  switch (node.type) {
    case 'array':
      return node.maxItems === undefined
        ? 'a list has no maxItems'
        : node.items === undefined
          ? 'a list has no items'
          : undefined;
    case 'string':
      return (node.enum ?? node.format ?? node.maxLength) ? undefined : 'a text has no maxLength';
    case 'object':
      if (node.additionalProperties !== undefined)
        return node.maxProperties === undefined ? 'a map has no maxProperties' : undefined;
      return node.properties === undefined ? 'an object has no properties' : undefined;
    case 'boolean':
    case 'integer':
      return undefined;
    default:
      return `it has the type ${node.type}`;
  }
}

/** The most places in which a value within all bounds can violate the schema: each leaf, as often as the lists around it can hold it. */
function placesOf(node: Node): number {
  if (node.type === 'array') return Math.max(1, (node.maxItems ?? Number.POSITIVE_INFINITY) * placesOf(node.items ?? {}));
  const inner = Object.values(node.properties ?? {}).reduce((sum, property) => sum + placesOf(property), 0);
  return Math.max(1, inner);
}

describe('Every value of every kind', () => {
  for (const { spec } of definitions) {
    const { kind } = spec.names;
    const { properties = {} } = spec.versions[0]?.schema.openAPIV3Schema ?? {};

    it(`has a bound: ${kind}`, () => {
      const parts = ['spec', 'status'].flatMap((part) => (properties[part] ? [...nodesOf(properties[part], part)] : []));
      assert.ok(parts.length > 5);
      const unbounded = parts.flatMap(([path, node]) => {
        const why = whyUnbounded(node);
        return why === undefined ? [] : [`${path}: ${why}`];
      });
      assert.deepEqual(unbounded, []);
    });
  }

  it('is missed by none of these checks', () => {
    const nodes: readonly Node[] = [
      { type: 'array', items: { type: 'boolean' } },
      { type: 'string' },
      { type: 'object', additionalProperties: { type: 'string', maxLength: 1 } },
      { type: 'object' },
      {},
    ];
    for (const node of nodes) assert.ok(whyUnbounded(node), JSON.stringify(node));
  });
});

describe('The places in which an object can violate its schema', () => {
  // An agent files actions without anybody's approval: 2,000 faults cost the API server less than a second and some megabytes at a time.
  // Playbooks and policies are written by people, and need more and longer lists. Nobody but the operator writes plans.
  const most: Readonly<Record<string, number>> = {
    AgentAction: 2_000,
    Playbook: 10_000,
    AgentPolicy: 70_000,
    ClusterAgentPolicy: 70_000,
  };
  for (const [kind, bound] of Object.entries(most))
    it(`are bounded: ${kind}`, () => {
      const definition = definitions.find(({ spec }) => spec.names.kind === kind);
      const schema = definition?.spec.versions[0]?.schema.openAPIV3Schema.properties?.spec;
      assert.ok(schema);
      const places = placesOf(schema);
      assert.ok(places > 100 && places <= bound, `${places}`);
    });
});
