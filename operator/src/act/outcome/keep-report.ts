import type { RunReport } from '@sentinel/crds';
import { dataHandling, keepSentence } from '@sentinel/policy';
import type { Facts } from '../../facts/facts.ts';

/** A report whose messages are masked as policy requires: they quote commands and responses of the API server. */
export async function keepReport({ policies }: Pick<Facts, 'policies'>, report: RunReport): Promise<RunReport> {
  const handling = dataHandling(policies);
  const why = async <T extends { why: string }>(one: T) => ({ ...one, why: await keepSentence(handling, one.why) });
  const message = async <T extends { message: string }>(one: T) => ({
    ...one,
    message: await keepSentence(handling, one.message),
  });
  const { refused = [], unknown, resolutions = [], notServed, amendment } = report;
  return {
    ...report,
    refused: await Promise.all(refused.map(why)),
    unknown: await Promise.all(unknown.map(why)),
    resolutions: await Promise.all(resolutions.map(message)),
    ...(amendment?.reason === undefined
      ? {}
      : { amendment: { ...amendment, reason: await keepSentence(handling, amendment.reason) } }),
    ...(notServed ? { notServed: await why(notServed) } : {}),
  };
}
