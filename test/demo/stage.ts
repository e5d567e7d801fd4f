import type { Target } from './target.ts';

/** What a part of the demo needs: the cluster, and how it speaks to the person who looks on. */
export interface Stage {
  readonly target: Pick<Target, 'admin' | 'agent'>;
  readonly namespace: string;
  /** The image of the steps. */
  readonly tools: string;
  /** Prints a heading. */
  readonly say: (text: string) => void;
  /** Prints what a command has printed. */
  readonly show: (text: string) => void;
  /** Prints the command line that is run. */
  readonly command: (text: string) => void;
  /** Has a Playbook trusted by somebody who may. */
  readonly trust: (playbook: string) => Promise<void>;
}
