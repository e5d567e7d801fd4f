import { API_VERSION, GROUP, type KindDefinition, VERSION } from '../v1alpha1/kinds.ts';
import { type Schema, structuralSchema } from './structural.ts';

/** The CustomResourceDefinition of a kind. */
export function customResourceDefinition(definition: KindDefinition): Schema {
  const { kind, plural, singular, shortNames } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [...shortNames], categories: ['sentinel'] },
      scope: definition.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(definition) },
          ...(definition.status ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: definition.columns.map((column) => ({ ...column })),
        },
      ],
    },
  };
}

function objectSchema(definition: KindDefinition): Schema {
  const properties: Record<string, Schema> = {
    apiVersion: { type: 'string', description: `Version of the API: ${API_VERSION}.` },
    kind: { type: 'string', description: `Kind of the object: ${definition.kind}.` },
    metadata: { type: 'object' },
    spec: structuralSchema(definition.spec, `${definition.kind}.spec`),
  };
  if (definition.status) properties.status = structuralSchema(definition.status, `${definition.kind}.status`);
  return {
    type: 'object',
    description: definition.description,
    properties,
    required: ['spec'],
    ...(definition.rules ? { 'x-kubernetes-validations': definition.rules.map((rule) => ({ ...rule })) } : {}),
  };
}
