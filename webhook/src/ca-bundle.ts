import { type KubeClient, mutatingwebhookconfigurations } from '@sentinel/kube';
import { z } from 'zod';

const Configuration = z.object({
  webhooks: z.array(z.object({ clientConfig: z.object({ caBundle: z.string().optional() }) })),
});

/** Writes the authority's bundle into the webhook configuration, so that the API server trusts this webhook; only when it differs. */
export async function injectCaBundle(client: KubeClient, name: string, bundle: string): Promise<void> {
  const configuration = await client.getOrThrow(mutatingwebhookconfigurations, { name });
  const { webhooks } = Configuration.parse(configuration);
  const wanted = Buffer.from(bundle).toString('base64');
  const patch = webhooks.flatMap(({ clientConfig }, index) =>
    clientConfig.caBundle === wanted
      ? []
      : [{ op: 'add' as const, path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted }],
  );
  if (patch.length > 0) await client.patch(mutatingwebhookconfigurations, { name }, patch, { type: 'json' });
}
