export { type CertificateAt, certificateFindings, certificatesIn } from './certificates.ts';
export { claimFindings, jobFindings } from './claims-and-jobs.ts';
export { nodeFindings, phaseFindings } from './cluster.ts';
export { eventFindings, firstSeenOf, lastSeenOf, objectOf, timesOf } from './events.ts';
export { budgetFindings, quotaFindings } from './limits.ts';
export { podFindings } from './pods.ts';
export { workloadFindings } from './workloads.ts';
