/**
 * A Playbook of one step, as `makeTenant` takes it: made for the namespace `shop`, with the image of the tools. `more` are further
 * lines of its spec; one that changes something says how it is taken back.
 */
export function oneStep(
  name: string,
  command: readonly string[],
  { profile = 'Change', more = '' }: { readonly profile?: 'Change' | 'Observe'; readonly more?: string } = {},
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
  sandbox: {profile: ${profile}, image: "\${TOOLS_IMAGE}"}
  steps:
  - {name: one, command: ${JSON.stringify(command)}}
${back}${more}`;
}
