import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { LAST_APPLIED } from '../../data/keep.ts';
import { carriesMeaning } from '../meaningful-metadata.ts';
import { part } from '../part.ts';
import { baseOf, namesOf } from '../words.ts';
import { isMade, isMetadataOnly } from './writes.ts';

const outward = new Set([
  'ingresses',
  'ingressroutes',
  'gateways',
  'httproutes',
  'grpcroutes',
  'tlsroutes',
  'tcproutes',
  'udproutes',
  'routes',
  'virtualservices',
  'httpproxies',
  'endpoints',
  'endpointslices',
]);

/** Whose data the writes may show, and to whom. */
export function partsOfExposure(effects: readonly Effect[]): RiskPart[] {
  const kept = effects.filter(({ verb }) => verb !== 'delete');
  const isSecret = (effect: Effect) => effect.apiGroup === '' && baseOf(effect) === 'secrets';
  const secrets = effects.filter(isSecret);
  const credentials = kept.filter((effect) => !isSecret(effect) && (effect.change ?? []).some(isCredential));
  const configuration = kept.filter(
    (effect) => effect.apiGroup === '' && baseOf(effect) === 'configmaps' && !isMetadataOnly(effect),
  );
  const exposed = kept.filter(opens);
  return [
    ...part('secrets', secrets.length, `${namesOf(secrets)}: a Secret in itself`),
    ...part('credentials', credentials.length, `${namesOf(credentials)}: a field that by its name is a credential`),
    ...part('configuration', configuration.length, `${namesOf(configuration)}: what programs are configured with`),
    ...part('exposed', exposed.length, `${namesOf(exposed)}: may open something to the outside, or lead traffic elsewhere`),
  ];
}

const reference = 'secretRef|secretKeyRef|secretName|serviceAccountToken|imagePullSecrets';
const inPath = new RegExp(`/(${reference}|secret)(/|$)`);
const inValue = new RegExp(`"(${reference}|secret)":`);

// A field that is hidden for its name, or that leads to a Secret. What `kubectl apply` keeps in an annotation is a copy: the field itself
// counts.
const isCredential = ({ path, after, redacted }: FieldChange) =>
  path !== LAST_APPLIED &&
  !path.startsWith(`${LAST_APPLIED}/`) &&
  (redacted === true || inPath.test(path) || (after !== undefined && inValue.test(after)));

function opens(effect: Effect): boolean {
  const changes = effect.change ?? [];
  // Annotations of these are read by what routes traffic; labels are only where they carry meaning.
  if (outward.has(baseOf(effect)))
    return (
      changes.length === 0 ||
      !!effect.hiddenChanges ||
      changes.some(({ path }) => !path.startsWith('/metadata/labels/') || carriesMeaning(baseOf(effect), path))
    );
  // What balances load is told by annotations of the Service whether it does so for the world.
  if (effect.apiGroup === '' && baseOf(effect) === 'services')
    return (
      !!effect.hiddenChanges ||
      changes.some(({ path }) => path.startsWith('/metadata/annotations/') || carriesMeaning('services', path)) ||
      changes.some(opensService) ||
      // What comes to it goes to other pods, or to none.
      (!isMade(effect) && changes.some(({ path }) => /^\/spec\/selector(\/|$)/.test(path))) ||
      changes.some(opensHost)
    );
  return changes.some(opensHost);
}

// What is created may be shown as one value, so names are read from inside of it as well.
const opensService = ({ path, after = '' }: FieldChange) =>
  (path === '/spec/type' && /^"(LoadBalancer|NodePort|ExternalName)"$/.test(after)) ||
  /"type":"(LoadBalancer|NodePort|ExternalName)"/.test(after);
const opensHost = ({ path, after }: FieldChange) =>
  after !== undefined && (/\/hostPort$/.test(path) || /"hostPort":/.test(after));
