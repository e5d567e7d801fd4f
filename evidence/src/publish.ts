import { EVIDENCE_GROUP, EVIDENCE_VERSION, namespaces } from '@sentinel/crds';
import { configmaps, defineResource, type KubeClient, MissingObjectError } from '@sentinel/kube';

const apiServices = defineResource({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  plural: 'apiservices',
  kind: 'APIService',
  namespaced: false,
});
const API_SERVICE = { name: `${EVIDENCE_VERSION}.${EVIDENCE_GROUP}` };
const CONFIG_MAP = { name: 'sentinel-evidence-ca', namespace: namespaces.system };

/**
 * Publishes the CA bundle to those who connect: the API server by the APIService, the operator by a ConfigMap; each only where it differs.
 * Without the APIService, which an admin may delete to unblock discovery, evidence is still stored.
 */
export async function publishAuthority(client: KubeClient, bundle: string): Promise<void> {
  const held = await client.get(configmaps, CONFIG_MAP);
  if (!held) throw new MissingObjectError('ConfigMap', CONFIG_MAP);
  if ((held.data as Record<string, string> | undefined)?.['ca.crt'] !== bundle)
    await client.patch(configmaps, CONFIG_MAP, { data: { 'ca.crt': bundle } }, { type: 'merge' });
  const caBundle = Buffer.from(bundle).toString('base64');
  const service = await client.get(apiServices, API_SERVICE);
  if (service && (service.spec as { caBundle?: string } | undefined)?.caBundle !== caBundle)
    await client.patch(apiServices, API_SERVICE, { spec: { caBundle } }, { type: 'merge' });
}
