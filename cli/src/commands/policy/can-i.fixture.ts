import { file, floorOf, policyOf } from '../../../test/offline.ts';

export const POLICIES = file(
  floorOf(
    [
      'modes: [DryRun, Apply]',
      'kubernetes:',
      '- {apiGroups: ["*"], resources: ["*", pods/log, deployments/scale], verbs: ["*"], decision: Allow}',
      'approvals: [{upToRisk: Medium, groups: [devs]}, {upToRisk: High, approvals: 2, groups: [sre]}]',
      'network: {allow: [api.acme.io], unfamiliar: RequireApproval}',
      'images: {allow: ["registry.acme.io/*"], requireDigest: true}',
      'repositories: {allow: ["github.com/acme/*"]}',
      'mcpServers: {allow: [{url: "https://mcp.acme.io", tools: [read]}]}',
      'modelEndpoint: {url: "https://models.acme.io/v1", models: [small, large]}',
      'files: {denyRead: ["**/.env"]}',
    ].join('\n'),
  ) + policyOf('subjects: [{kind: ServiceAccount, name: bot}, {kind: Group, name: agents}]\nmodes: [DryRun, Apply]'),
);
export const BOT = ['-f', POLICIES, '--as', 'system:serviceaccount:shop:bot'];
export const digest = `@sha256:${'a'.repeat(64)}`;

/** The policies of before, and one that freezes the weekends. */
export const FROZEN = [
  '-f',
  POLICIES,
  '-f',
  file(
    policyOf('modes: [DryRun, Apply]\nfreeze: [{schedule: "0 0 * * 6", duration: 48h, reason: Weekend}]').replace(
      'name: shop',
      'name: rest',
    ),
  ),
];
