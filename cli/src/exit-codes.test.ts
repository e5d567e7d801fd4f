import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CliErrorCode, cliErrors } from './cli-errors.ts';
import { exitCodeMeanings, exitCodeOf, exitCodes } from './exit-codes.ts';

// By code, so that a new error must be given a place in the table.
const expected: Readonly<Record<CliErrorCode, keyof typeof exitCodes>> = {
  CommandLineInvalid: 'usage',
  FlagInvalid: 'usage',
  FlagRequired: 'usage',
  FlagConflict: 'usage',
  ConfirmationRequired: 'usage',
  KubeconfigInvalid: 'usage',
  FileInvalid: 'usage',
  NameAmbiguous: 'usage',
  NotAuthenticated: 'refused',
  AccessDenied: 'refused',
  RequestRefused: 'refused',
  TimedOut: 'timedOut',
  ObjectNotFound: 'other',
  AmendmentMissing: 'other',
  RoleNotFound: 'other',
  EvidenceMissing: 'other',
  EvidenceDeleted: 'other',
  EvidenceStoreMissing: 'other',
  EvidenceDigestMismatch: 'other',
  PlanNotFound: 'other',
  PlanAltered: 'other',
  ObjectChanged: 'other',
  NothingToDecide: 'other',
  RequesterNotStamped: 'other',
  NotObserved: 'other',
  NotSealed: 'other',
  DigestMismatch: 'other',
  AccountConflict: 'other',
  ServerBusy: 'other',
  ServerNotReached: 'other',
  SentinelNotInstalled: 'other',
  UnexpectedError: 'other',
};

describe('The exit code of an error', () => {
  for (const code of Object.keys(cliErrors) as CliErrorCode[])
    it(`${code} is that of the table`, () => assert.equal(exitCodeOf(code, true), exitCodes[expected[code]]));

  it('is that of a refusal for each code that Sentinel in the cluster answers', () =>
    assert.equal(exitCodeOf('ModeNotAllowed', false), exitCodes.refused));

  it('is explained, each of them once', () =>
    assert.deepEqual(
      exitCodeMeanings.map(([code]) => code),
      Object.values(exitCodes),
    ));
});
