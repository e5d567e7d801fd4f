export { type Cluster, type Clusters, clusterLines } from './cluster-lines.ts';
export { compareRollout } from './compare-rollout.ts';
export { type LogLine, readLines } from './line.ts';
export { clusterFindings } from './log-findings.ts';
