/** What a Playbook of a test may have beside its step. */
interface More {
  readonly profile?: 'Change' | 'Observe';
  /** The image of the tools when left out. */
  readonly image?: string;
  /** Name of the step; its container is called `step-NAME`. */
  readonly step?: string;
  /** Further lines of the spec. */
  readonly more?: string;
}

/**
 * A Playbook of one step, as `makeTenant` takes it: made for the namespace `shop`. One that changes something has a rollback.
 */
export function oneStep(
  name: string,
  command: readonly string[],
  { profile = 'Change', image = '$' + '{TOOLS_IMAGE}', step = 'one', more = '' }: More = {},
): string {
  const back = profile === 'Change' ? '  rollback: {from: PreImages}\n' : '';
  return `---
apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata:
  name: ${name}
  namespace: shop
spec:
  category: Other
  description: A step of a test.
  account: remediator
  sandbox: {profile: ${profile}, image: "${image}"}
  steps:
  - {name: ${step}, command: ${JSON.stringify(command)}}
${back}${more}`;
}

/** A Playbook that puts an annotation on the Deployment `web`, whose name its parameter `key` completes. */
export const annotateWeb = (name: string): string =>
  oneStep(name, ['kubectl', 'annotate', 'deployment', 'web', 'touched-$(params.key)=yes'], {
    more: '  parameters:\n  - {name: key, required: true, pattern: "[a-z0-9-]{1,63}"}\n',
  });
