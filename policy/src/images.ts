import { covers } from './glob.ts';
import { type PolicySet, policyName } from './policies.ts';
import type { Opinion } from './verdict.ts';

const DIGEST = /@sha256:[a-f0-9]{64}$/;

/** The name of an image without tag and digest, as registries read it: what has no registry is Docker's. */
export function imageName(reference: string): string {
  const name = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}

/** Whether a pattern covers an image: '*' stands for anything but '/', '**' for anything. A pattern with a tag or digest names it whole. */
export function coversImage(pattern: string, reference: string): boolean {
  const whole = /[@]|:[^/]*$/.test(pattern.replace(/^[^/]*:\d+\//, ''));
  return covers(pattern, whole ? reference : imageName(reference));
}

/** What the policies say of the image of a sandbox: every policy with a list must have it, and a digest where one asks for it. */
export function judgeImage(set: PolicySet, reference: string): Opinion {
  for (const policy of set.policies) {
    const rules = policy.spec?.images;
    const name = policyName(policy);
    if (rules?.requireDigest && !DIGEST.test(reference))
      return {
        decision: 'Deny',
        policy: name,
        rule: 'images.requireDigest',
        message: `image '${reference}' is not named by digest`,
      };
    if (rules?.allow && !rules.allow.some((pattern) => coversImage(pattern, reference)))
      return { decision: 'Deny', policy: name, rule: 'images.allow', message: `image '${reference}' is on no list` };
  }
  return { decision: 'Allow', policy: 'Sentinel', rule: 'images', message: `image '${reference}' is allowed` };
}
