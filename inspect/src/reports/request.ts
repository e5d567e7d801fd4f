import type { Finding, Moment, Report } from '@sentinel/findings';
import type { Reader } from '../read/reader.ts';

/** What a report is made of. */
export interface Request {
  readonly reader: Reader;
  /** The namespace of the action. */
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How far back it looks, in milliseconds. */
  readonly windowMs: number;
  /** `deployment/NAME` and so on. */
  readonly workload: string | undefined;
  /** The namespaces of a report about the cluster. */
  readonly namespaces: readonly string[];
  /** Secrets whose certificates are looked at. */
  readonly certificates: readonly string[];
}

/** What a report found, before it is concluded from. */
export interface Content extends Pick<Report, 'report' | 'subject'> {
  readonly findings: readonly Finding[];
  readonly timeline?: readonly Moment[];
  /** Whether it is about the window, and not only about now. */
  readonly hasWindow: boolean;
}
