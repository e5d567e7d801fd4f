import { z } from 'zod';
import { Decision, digest, list, set } from '../fields.ts';

/** Rules about hosts. */
export const network = z
  .object({
    allow: set(
      z.string().min(1).max(253),
      256,
      "Hosts that may be reached, such as 'api.github.com' or '*.example.com' (any name below it, not itself). When left out, `unfamiliar` decides.",
    ).optional(),
    deny: set(z.string().min(1).max(253), 256, 'Hosts that may not be reached, even if another rule allows them.').optional(),
    unfamiliar: Decision.describe('The decision about a host that no rule names.').default('Deny'),
  })
  .describe('Rules about hosts. Sandboxes reach no host yet, and a Playbook that asks for one is refused.')
  .optional();

/** Rules about MCP servers. */
export const mcpServers = z
  .object({
    allow: list(
      z.object({
        url: z.string().min(1).max(1024).describe('Address of the server.'),
        schemaDigest: digest(
          'Digest of the tools that the server offers. A call without a digest is refused; `intent.tool` of an action has none.',
        ).optional(),
        tools: set(z.string().min(1).max(128), 128, 'Tools that may be called.').optional(),
      }),
      64,
      'MCP servers that may be used. When left out, any; an empty list allows no server. Entries with the same `url` are alternatives: a call is allowed if one of them allows it.',
    ).optional(),
  })
  .describe('Rules about MCP servers. `intent.tool` of an action, the tool call that created it, is compared with them.')
  .optional();

/** Rules about the images of sandboxes. */
export const images = z
  .object({
    allow: set(
      z.string().min(1).max(512),
      64,
      "Patterns of images that sandboxes may use; '*' stands for anything but '/', '**' for anything. When left out, any.",
    ).optional(),
    requireDigest: z.boolean().describe('Whether images must be named by digest.').optional(),
  })
  .describe('Rules about the images of sandboxes.')
  .optional();

const filePatterns =
  "Paths are relative to the workspace, without '/' or './' at the beginning; '*' stands for anything but '/', '?' for one such character, '**' for anything: '*.pem' matches in the top folder only, '**/*.pem' in any folder, 'secrets/**' all files of a folder. Case makes no difference.";

/** Rules about files of a workspace. */
export const files = z
  .object({
    denyRead: set(z.string().min(1).max(512), 128, `Patterns of files that may not be read. ${filePatterns}`).optional(),
    protect: set(z.string().min(1).max(512), 128, `Patterns of files that may not be changed. ${filePatterns}`).optional(),
  })
  .describe('Rules about files of a workspace. There are no workspaces yet, and a Playbook that asks for one is refused.')
  .optional();

/** The only endpoint at which models may be used. */
export const modelEndpoint = z
  .object({
    url: z
      .string()
      .min(1)
      .max(1024)
      .describe(
        'Address of an OpenAI-compatible endpoint, without user, query and fragment. Without https only on the machine itself or as NAME.NAMESPACE.svc.',
      ),
    models: set(z.string().min(1).max(253), 64, 'Names of models that may be used there. When left out, any.').optional(),
  })
  .describe(
    'The only endpoint at which models may be used. If policies name different endpoints, no endpoint is allowed. No step can reach a model yet: a Playbook that asks for one is refused.',
  )
  .optional();
