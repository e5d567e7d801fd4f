import { z } from 'zod';
import { label, list, objectName, set } from '../fields.ts';

/** What the floor lets be read although it is protected. */
export const protectedResources = z
  .object({
    allow: list(
      z
        .object({
          resources: set(z.enum(['secrets']), 1, "The protected resources; only 'secrets' of the type kubernetes.io/tls.").min(1),
          namespaces: set(label('Name of a namespace.'), 16, 'Namespaces that they are in.').min(1),
          resourceNames: set(objectName('Name of an object.'), 32, 'Names of the objects.').min(1),
          content: z
            .enum(['Certificate'])
            .describe("What is shown of them. 'Certificate': the certificates in `tls.crt`, never a private key."),
        })
        .describe('Protected objects of which a part may be read, one at a time.'),
      16,
      'Protected objects of which a part may be read. Every ClusterAgentPolicy must name an object, and a rule in `kubernetes` must allow the verb get.',
    ).optional(),
  })
  .describe('Exceptions for resources that no sandbox may touch otherwise.')
  .optional();
