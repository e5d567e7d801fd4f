import { kinds, namespaces as rooms } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { CLIENT_VERSION, isSkewed } from '../../version.ts';
import { authorityChecks } from './authority-checks.ts';
import { type Check, fail, ok, read, skip, warn } from './check.ts';
import { namespaceChecks } from './namespace-checks.ts';
import type { Facts } from './read-facts.ts';
import { serverVersions } from './version.ts';

export type { Check } from './check.ts';

const INSTALL = 'install or upgrade the chart: helm upgrade --install sentinel …';
const OLDEST_MINOR = 30;
const CLOCK_MS = 30_000;
const LEASE_MS = 60_000;

/** What is right and wrong with an installation, in the order in which faults are best looked at. */
export function checks(facts: Facts): Check[] {
  return [
    ...serverChecks(facts),
    kindsCheck(facts),
    ...programChecks(facts),
    ...authorityChecks(facts),
    evidenceCheck(facts),
    ...namespaceChecks(facts),
    rightsCheck(facts),
  ];
}

function serverChecks({ server, now }: Facts): Check[] {
  if ('unread' in server || server.value === null)
    return [
      fail(
        'API server',
        'unread' in server ? server.unread : 'no answer',
        'check --server, --context, the network, and your credentials',
      ),
    ];
  const { gitVersion, date, tookMs } = server.value;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const isOld = Number(major) === 1 && Number(minor) < OLDEST_MINOR;
  const answers = `Kubernetes ${gitVersion}, answers in ${Math.round(tookMs)} ms`;
  return [
    isOld ? fail('API server', answers, `Sentinel needs Kubernetes 1.${OLDEST_MINOR} or newer`) : ok('API server', answers),
    clockCheck(date, now),
  ];
}

// The header of the answer has whole seconds.
function clockCheck(date: number | undefined, now: number): Check {
  if (date === undefined) return skip('clock', 'the answer of the API server has no date');
  const seconds = Math.round(Math.abs(now - date) / 1000);
  if (Math.abs(now - date) <= CLOCK_MS) return ok('clock', `differs from that of the API server by ${seconds} s`);
  return warn(
    'clock',
    `differs from that of the API server by ${seconds} s, so ages and the end of approvals are shown wrongly here`,
    'set the clock of this machine (NTP); if this one is right, that of the control plane',
  );
}

const kindsCheck = ({ kinds: found }: Facts): Check =>
  read('kinds', found, (names) => {
    if (names === null) return fail('kinds', 'the cluster does not know the kinds of Sentinel', INSTALL);
    const missing = kinds.map(({ plural }) => plural).filter((plural) => !names.includes(plural));
    if (missing.length > 0) return fail('kinds', `missing: ${missing.join(', ')}`, 'upgrade the chart with crds.install=true');
    return ok('kinds', `${kinds.length} kinds of sentinel.dev are served`);
  });

interface DeploymentStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
}

function programChecks({ deployments, lease, now }: Facts): Check[] {
  const programs = read('programs', deployments, (found) => {
    const list = found ?? [];
    const missing = ['sentinel-operator', 'sentinel-webhook', 'sentinel-gateway'].filter(
      (name) => !list.some(({ metadata }) => metadata.name === name),
    );
    if (missing.length > 0) return fail('programs', `no Deployment ${missing.join(', ')} in ${rooms.system}`, INSTALL);
    const broken = list.filter((one) => readyOf(one) === 0);
    const look = (name: string | undefined) => `kubectl describe deployment ${name ?? ''} -n ${rooms.system}`;
    if (broken.length > 0)
      return fail('programs', `no ready replica of ${broken.map(describeReady).join(', ')}`, look(broken[0]?.metadata.name));
    const partly = list.filter((one) => readyOf(one) < wantedOf(one));
    if (partly.length > 0)
      return warn(
        'programs',
        `not all replicas are ready: ${partly.map(describeReady).join(', ')}`,
        look(partly[0]?.metadata.name),
      );
    return ok('programs', list.map(describeReady).join(', '));
  });
  return [programs, versionCheck(deployments), leaseCheck(lease, now)];
}

const readyOf = ({ status }: AnyObject) => (status as DeploymentStatus | undefined)?.readyReplicas ?? 0;
const wantedOf = ({ spec }: AnyObject) => (spec as { replicas?: number } | undefined)?.replicas ?? 1;
const describeReady = (one: AnyObject) =>
  `${(one.metadata.name ?? '').replace('sentinel-', '')} ${readyOf(one)}/${wantedOf(one)}`;

const versionCheck = (deployments: Facts['deployments']): Check =>
  read('versions', deployments, (found) => {
    const versions = serverVersions(found ?? []);
    if (versions.length === 0) return skip('versions', 'no Deployment of Sentinel says its version');
    const all = `client ${CLIENT_VERSION}, server ${versions.join(', ')}`;
    if (versions.length > 1)
      return warn('versions', all, 'an upgrade is under way or stopped: kubectl rollout status for each Deployment');
    if (versions.some((one) => isSkewed(CLIENT_VERSION, one)))
      return warn('versions', all, "use the plugin of the server's release");
    return ok('versions', all);
  });

const leaseCheck = (lease: Facts['lease'], now: number): Check =>
  read('leader', lease, (found) => {
    const { holderIdentity, renewTime } = (found?.spec ?? {}) as { holderIdentity?: string; renewTime?: string };
    const look = `kubectl logs deployment/sentinel-operator -n ${rooms.system}`;
    if (!holderIdentity) return fail('leader', 'no operator leads, so no action goes on', look);
    const old = now - Date.parse(renewTime ?? '');
    if (old > LEASE_MS)
      return fail('leader', `the leader '${holderIdentity}' has not renewed its lease for ${Math.round(old / 1000)} s`, look);
    return ok('leader', `${holderIdentity} leads`);
  });

const evidenceCheck = ({ evidence }: Facts): Check =>
  read('evidence store', evidence, (found) => {
    if (found === null)
      return warn(
        'evidence store',
        'not installed: logs of stages are not kept',
        'set evidence.enabled=true in the values of the chart',
      );
    const conditions =
      (found.status as { conditions?: { type: string; status: string; message?: string }[] } | undefined)?.conditions ?? [];
    const available = conditions.find(({ type }) => type === 'Available');
    if (available?.status === 'True') return ok('evidence store', 'served by the API server');
    return fail(
      'evidence store',
      available?.message ?? 'not available',
      `kubectl logs deployment/sentinel-evidence -n ${rooms.system}`,
    );
  });

function rightsCheck({ rights, namespace }: Facts): Check {
  if (rights.length === 0) return skip('your rights', 'the API server did not say');
  const held = rights.filter((one) => one.held).map(({ name }) => name);
  const without = rights.filter((one) => !one.held).map(({ name }) => name);
  const detail = `in ${namespace} you may: ${held.join(', ') || 'nothing'}${without.length > 0 ? `; not: ${without.join(', ')}` : ''}`;
  if (held.length > 0) return ok('your rights', detail);
  return warn(
    'your rights',
    detail,
    `ask an admin to bind sentinel-agent, sentinel-approver or sentinel-truster to you in ${namespace}`,
  );
}
