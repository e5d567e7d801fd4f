import { X509Certificate } from 'node:crypto';
import type { AnyObject } from '@sentinel/kube';
import { guardErrors } from '@sentinel/policy/reading';
import { type Check, fail, ok, read, warn } from './check.ts';
import type { Facts, Read } from './read-facts.ts';

const INSTALL = 'upgrade the chart; it renders them again';
/** Authorities are renewed by the programs well before this. */
const SOON_MS = 7 * 86_400_000;

interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
  readonly clientConfig?: { readonly caBundle?: string };
}

/** Hooks that must refuse when the webhook does not answer; the others must work while it is down. */
const MUST_FAIL: ReadonlySet<string> = new Set(['actions.sentinel.dev', 'decisions.sentinel.dev']);

/** What decides inside the API server, what keeps sandboxes apart, and the dates of certificates. */
export const authorityChecks = (facts: Facts): Check[] => [
  webhookCheck(facts.webhooks),
  guardCheck(facts.guards),
  bindingCheck(facts.bindings),
  networkCheck(facts.networkPolicies),
  certificateCheck(facts),
];

const webhookCheck = (webhooks: Facts['webhooks']): Check =>
  read('webhook', webhooks, (found) => {
    const hooks = hooksOf(found ?? []);
    if ((found ?? []).length < 2)
      return fail('webhook', 'a configuration named sentinel is missing, so no decision is sealed', INSTALL);
    const open = hooks
      .filter(({ name, failurePolicy }) => MUST_FAIL.has(name) && failurePolicy !== 'Fail')
      .map(({ name }) => name);
    if (open.length > 0)
      return fail('webhook', `${shortList(open)} lets requests pass when the webhook does not answer`, INSTALL);
    const bare = hooks.filter(({ clientConfig }) => !clientConfig?.caBundle).map(({ name }) => name);
    if (bare.length > 0)
      return fail(
        'webhook',
        `no CA bundle yet for ${shortList(bare)}, so the API server cannot call them`,
        'kubectl logs deployment/sentinel-webhook -n sentinel-system',
      );
    return ok('webhook', `${hooks.length} hooks, registered with the API server`);
  });

const LISTED = 3;
const shortList = (names: readonly string[]) =>
  [...names.slice(0, LISTED), ...(names.length > LISTED ? [`and ${names.length - LISTED} more`] : [])].join(', ');

const hooksOf = (configurations: readonly AnyObject[]) =>
  configurations.flatMap((one) => (one as { webhooks?: readonly Webhook[] }).webhooks ?? []);

const wanted = Object.values(guardErrors).map(({ policy }) => policy);

const guardCheck = (guards: Facts['guards']): Check =>
  read('guards', guards, (found) => {
    const byName = new Map((found ?? []).map((one) => [one.metadata.name, one]));
    const missing = wanted.filter((name) => !byName.has(name));
    if (missing.length > 0) return fail('guards', `missing ValidatingAdmissionPolicies: ${shortList(missing)}`, INSTALL);
    const open = wanted.filter(
      (name) => (byName.get(name)?.spec as { failurePolicy?: string } | undefined)?.failurePolicy === 'Ignore',
    );
    if (open.length > 0)
      return fail('guards', `a fault in ${shortList(open)} lets requests pass (failurePolicy: Ignore)`, INSTALL);
    const warned = wanted.filter((name) => warningsOf(byName.get(name)) > 0);
    if (warned.length > 0)
      return warn(
        'guards',
        `the API server warns about expressions of ${shortList(warned)}`,
        `kubectl get validatingadmissionpolicy ${warned[0] ?? ''} -o yaml`,
      );
    return ok('guards', `${wanted.length} policies inside the API server`);
  });

const warningsOf = (guard: AnyObject | undefined) =>
  (guard?.status as { typeChecking?: { expressionWarnings?: unknown[] } } | undefined)?.typeChecking?.expressionWarnings
    ?.length ?? 0;

const bindingCheck = (bindings: Facts['bindings']): Check =>
  read('guard bindings', bindings, (found) => {
    const denying = new Set(
      (found ?? [])
        .map(({ spec }) => spec as { policyName?: string; validationActions?: readonly string[] })
        .filter(({ validationActions }) => validationActions?.includes('Deny'))
        .map(({ policyName }) => policyName),
    );
    const missing = wanted.filter((name) => !denying.has(name));
    if (missing.length > 0)
      return fail('guard bindings', `no binding denies what these policies refuse: ${shortList(missing)}`, INSTALL);
    return ok('guard bindings', 'every policy is bound and denies');
  });

const networkCheck = (policies: Facts['networkPolicies']): Check =>
  read('network', policies, (found) => {
    const missing = ['sentinel-default-deny', 'sentinel-sandbox-egress'].filter(
      (name) => !(found ?? []).some(({ metadata }) => metadata.name === name),
    );
    if (missing.length > 0)
      return fail('network', `missing NetworkPolicies in sentinel-sandboxes: ${shortList(missing)}`, INSTALL);
    return ok(
      'network',
      'NetworkPolicies of the sandboxes exist; each sandbox proves before its first step that the cluster enforces them',
    );
  });

function certificateCheck({ webhooks, gatewayCa, evidence, now }: Facts): Check {
  const bundles: readonly (readonly [what: string, found: Read<readonly string[]>])[] = [
    ['webhook', mapped(webhooks, (list) => hooksOf(list).map(({ clientConfig }) => decoded(clientConfig?.caBundle)))],
    ['gateway', mapped(gatewayCa, ({ data }) => Object.values((data ?? {}) as Record<string, string>))],
    ['evidence store', mapped(evidence, ({ spec }) => [decoded((spec as { caBundle?: string } | undefined)?.caBundle)])],
  ];
  const dates = bundles.flatMap(([what, found]) =>
    'unread' in found ? [] : (found.value ?? []).flatMap(endsOf).map((end) => ({ what, end })),
  );
  const [first] = [...dates].sort((a, b) => a.end - b.end);
  const bundle: Read<typeof dates> = first ? { value: dates } : { unread: unreadOf(bundles) };
  return read('certificates', bundle, () => {
    if (!first) return ok('certificates', '');
    const day = new Date(first.end).toISOString().slice(0, 10);
    const restart = `kubectl rollout restart deployment -n sentinel-system, then look at the logs of sentinel-${first.what.replace(' store', '')}`;
    if (first.end <= now) return fail('certificates', `the authority of the ${first.what} ended on ${day}`, restart);
    if (first.end - now < SOON_MS)
      return warn('certificates', `the authority of the ${first.what} ends on ${day} and was not renewed`, restart);
    return ok(
      'certificates',
      `${[...new Set(dates.map(({ what }) => what))].join(', ')}: the first authority ends on ${day}, and is renewed before`,
    );
  });
}

const unreadOf = (bundles: readonly (readonly [string, Read<readonly string[]>])[]): string =>
  bundles.flatMap(([, found]) => ('unread' in found ? [found.unread] : []))[0] ?? 'no certificate was found';

const mapped = <T, R>(found: Read<T>, map: (value: T) => R): Read<R> =>
  'unread' in found ? found : { value: found.value === null ? null : map(found.value) };

const decoded = (bundle: string | undefined) => Buffer.from(bundle ?? '', 'base64').toString('utf8');

/** When the newest certificate of a bundle ends: an older one beside it is being replaced. */
function endsOf(pem: string): number[] {
  const ends = [...pem.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)].flatMap(([one]) => {
    try {
      return [Date.parse(new X509Certificate(one).validTo)];
    } catch {
      return [];
    }
  });
  return ends.length === 0 ? [] : [Math.max(...ends)];
}
