import { type KubeClient, mutatingwebhookconfigurations, validatingwebhookconfigurations } from '@sentinel/kube';
import { z } from 'zod';

const Configuration = z.object({
  webhooks: z.array(z.object({ clientConfig: z.object({ caBundle: z.string().optional() }) })),
});

/**
 * Writes the authority's bundle into the webhook configurations of this name, so that the API server trusts this webhook; only where
 * it differs. The policy `sentinel-webhook-configuration` lets this account change nothing else of them.
 */
export async function injectCaBundle(client: KubeClient, name: string, bundle: string): Promise<void> {
  const wanted = Buffer.from(bundle).toString('base64');
  for (const resource of [mutatingwebhookconfigurations, validatingwebhookconfigurations]) {
    const configuration = await client.getOrThrow(resource, { name });
    const { webhooks } = Configuration.parse(configuration);
    const patch = webhooks.flatMap(({ clientConfig }, index) =>
      clientConfig.caBundle === wanted
        ? []
        : [{ op: 'add' as const, path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted }],
    );
    if (patch.length > 0) await client.patch(resource, { name }, patch, { type: 'json' });
  }
}
