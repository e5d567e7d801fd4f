import { type Playbook, PlaybookSpec } from '@sentinel/crds';
import type { Trust } from '../approval/trust.ts';

/** The spec of a Playbook that may change something and does nothing. Its fields are those of a YAML file. */
export const aPlaybookSpec = (more: object = {}): PlaybookSpec =>
  PlaybookSpec.parse({
    category: 'Other',
    description: 'x',
    account: 'remediator',
    sandbox: { image: 'tools', profile: 'Change' },
    steps: [{ name: 'one', command: ['true'] }],
    ...more,
  });

/** The Playbook `fix` in the namespace `shop`. */
export const aPlaybook = (spec: object = {}, metadata: Partial<Playbook['metadata']> = {}): Playbook => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'Playbook',
  metadata: { name: 'fix', namespace: 'shop', uid: 'p', ...metadata },
  spec: aPlaybookSpec(spec),
});

/** That tess trusts a Playbook. */
export const TRUSTED: Trust = {
  trusted: true,
  by: { playbook: 'p', digest: '', user: 'tess', groups: [], time: '', key: '', seal: '' },
};
