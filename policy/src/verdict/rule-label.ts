import type { Refusal } from './verdict.ts';

/** The fields of policies, and what always holds. */
const FIELDS = [
  'admission amends approvals audit commands connect dangerous definitions environment environments files floor freeze highRisk identity images',
  'instructions kubernetes limits mcpServers modelEndpoint modes namespaces network opinion parameters parentAction playbook playbooks protected',
  'reasons repositories safe spec steps subjects suspended use',
].flatMap((line) => line.split(' '));
/** Those of which it matters which one it was. */
const PARTS = [
  'limits.amendments limits.children limits.concurrent limits.coolDown limits.depth limits.duration limits.escalationsPerHour limits.objects limits.open',
  'limits.perDay limits.revisions limits.sandboxes limits.storage',
  'protected.admission protected.certificates protected.connect protected.definitions protected.impersonation protected.namespaces',
  'protected.own-kinds protected.rbac protected.reviews protected.secrets protected.tokens',
].flatMap((line) => line.split(' '));
const LABELS: ReadonlySet<string> = new Set([...FIELDS, ...PARTS]);

/** The rule of a refusal as the label of a metric: one of a fixed set, whatever indices and names the rule has; else `other`. */
export function ruleLabel({ rule }: Pick<Refusal, 'rule'>): string {
  const [, shared] = /^(sandboxes|storage) (?:is|are) shared between namespaces$/.exec(rule) ?? [];
  if (shared !== undefined) return `limits.${shared}`;
  const [, field = '', part = ''] = /^([A-Za-z]+)(?:[. ]([A-Za-z-]+))?/.exec(rule) ?? [];
  const whole = `${field}.${part}`;
  if (LABELS.has(whole)) return whole;
  return LABELS.has(field) ? field : 'other';
}
