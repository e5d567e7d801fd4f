import { playbookDigest } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';

/** Whether the Playbook is still the one that was admitted. */
export function playbookUnchanged({ playbook, action }: Pick<Facts, 'playbook' | 'action'>): boolean {
  return playbook !== undefined && playbookDigest(playbook) === action.status?.playbook?.digest;
}
