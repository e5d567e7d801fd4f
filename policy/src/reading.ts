/** What reads objects and names errors, without what evaluates policies: for a command that starts often. */

export { joinParts } from './data/plan-parts.ts';
export { parseIdentity } from './identity/identity.ts';
export { guardCode, guardErrors } from './verdict/guard-errors.ts';
export { policyErrors } from './verdict/policy-errors.ts';
export { webhookErrors } from './verdict/webhook-errors.ts';
