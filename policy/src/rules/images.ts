import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';
import { covers } from './glob.ts';

const DIGEST = /@sha256:[a-f0-9]{64}$/;

/** The name of an image without tag and digest, as registries read it: what has no registry is Docker's. */
export function imageName(reference: string): string {
  const name = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}

/** Whether a pattern covers an image: '*' stands for anything but '/', '**' for anything. A pattern with a tag or digest names it whole. */
export const coversImage = (pattern: string, reference: string): boolean =>
  coversNamed(pattern, { reference, name: imageName(reference) });

interface Image {
  readonly reference: string;
  readonly name: string;
}

function coversNamed(pattern: string, { reference, name }: Image): boolean {
  const whole = /[@]|:[^/]*$/.test(pattern.replace(/^[^/]*:\d+\//, ''));
  return covers(pattern, whole ? reference : name);
}

/** What the policies say of the image of a sandbox: every policy with a list must have it, and a digest where one asks for it. */
export function judgeImage(set: PolicySet, reference: string): Opinion {
  const image = { reference, name: imageName(reference) };
  const opinions = set.policies.flatMap((policy) => ofPolicy(policyName(policy), policy.spec?.images, image) ?? []);
  return combine(opinions, {
    decision: 'Allow',
    policy: 'Sentinel',
    rule: 'images',
    message: `image '${reference}' is allowed: no policy has rules about images`,
  });
}

function ofPolicy(policy: string, rules: AgentPolicySpec['images'], image: Image): Opinion | undefined {
  const say = (decision: Decision, rule: string, message: string): Opinion => ({
    decision,
    policy,
    rule,
    message: `image '${image.reference}' ${message}`,
  });
  if (rules?.requireDigest && !DIGEST.test(image.reference)) return say('Deny', 'images.requireDigest', 'is not named by digest');
  if (rules?.allow) {
    const index = rules.allow.findIndex((pattern) => coversNamed(pattern, image));
    return index < 0
      ? say('Deny', 'images.allow', 'is not in `images.allow`')
      : say('Allow', `images.allow[${index}]`, 'is allowed');
  }
  return rules?.requireDigest ? say('Allow', 'images.requireDigest', 'is allowed') : undefined;
}
