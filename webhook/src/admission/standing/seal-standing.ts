import {
  annotations,
  type Playbook,
  type PlaybookStatus,
  REVOKE_SCHEDULE,
  SCHEDULE_GROUPS,
  SCHEDULE_USER,
  STANDING_KEPT,
  StandingRisk,
  standingApprovalRequest,
} from '@sentinel/crds';
import type { SigningKey } from '@sentinel/kube/signing-key';
import {
  approverClaimFault,
  approverClaims,
  authorsOf,
  isRealTime,
  judgePlan,
  judgeReason,
  type PolicySet,
  parametersDigest,
  parseStanding,
  playbookDigest,
  type Requirements,
  reasonFault,
  type StandingRecord,
  type StandingRevocation,
  sealRecord,
  seconds,
  trusterOf,
  trustOf,
} from '@sentinel/policy';
import type { Authorizer } from '../../authorize.ts';
import type { PolicyReader } from '../../policy-reader.ts';
import { requirePerson, requirePlainClaims, requirePlainNames } from '../identity.ts';
import { requireNoAgent, requireOther, requireSeparation } from '../people.ts';
import { type AdmissionRequest, type AdmittedObject, Denied, deniedByPolicy, type Mutation, type UserInfo } from '../review.ts';
import { requireNothingElse } from '../sealed.ts';

/** The dependencies for judging and sealing a standing approval. */
export interface StandingContext {
  readonly authorizer: Authorizer;
  readonly policies: PolicyReader;
  readonly key: () => SigningKey;
}

/** What keeps others from editing the Playbook meanwhile, and bounds requests that say nothing valid. */
interface HoldingContext extends StandingContext {
  readonly requireEditRate: (request: AdmissionRequest) => void;
  readonly holdEdits: <T>(request: AdmissionRequest, judge: () => Promise<T>) => Promise<T>;
}

const ownAnnotations: readonly string[] = [annotations.decision, annotations.comment];
const COMMENT_MAX = 1024;
const CLOCK_SKEW_MS = 60_000;
const ASKED = /^approve-schedule:(sha256:[0-9a-f]{64}):(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z):([A-Za-z]+)$/;
/** The account that is the requester of all actions of schedules. */
const SCHEDULE = { user: SCHEDULE_USER, groups: SCHEDULE_GROUPS };

/** Whether an update of a Playbook carries a person's request about standing approvals. */
export const asksForStanding = (object: AdmittedObject, before: AdmittedObject | null | undefined): boolean =>
  ownAnnotations.some((key) => {
    const value = object.metadata.annotations?.[key];
    return value !== undefined && value !== before?.metadata.annotations?.[key];
  });

/**
 * Turns the annotation of a person into a sealed standing approval of the schedule of a Playbook, or into the sealed revocation of all of them. Throws
 * Denied, with what to do next. A dry-run gets no valid seal. Edits of the Playbook are held only for a request with valid words, by somebody with
 * the verbs.
 */
export async function sealStanding(request: AdmissionRequest, context: HoldingContext, now: Date): Promise<Mutation> {
  await requireDecision(request, context);
  return await context.holdEdits(request, () => seal(request, context, now));
}

async function seal(request: AdmissionRequest, context: StandingContext, now: Date): Promise<Mutation> {
  const { object, oldObject, userInfo } = request;
  if (!object || !oldObject)
    throw new Denied('DecisionInvalid', 'a standing approval cannot be given in the request that creates the Playbook');
  requirePlainNames(userInfo);
  requirePerson(userInfo, 'decide');
  requireNothingElse(object, oldObject, ownAnnotations);
  const asked = object.metadata.annotations?.[annotations.decision] ?? '';
  const comment = object.metadata.annotations?.[annotations.comment];
  if (comment !== undefined && comment.length > COMMENT_MAX)
    throw new Denied('CommentTooLong', `${annotations.comment} may have at most ${COMMENT_MAX} characters`);
  const before = oldObject.metadata.annotations?.[annotations.standing];
  const playbook = oldObject as unknown as Playbook;
  const isRevocation = asked === REVOKE_SCHEDULE;
  const record = isRevocation
    ? revocation(request, playbook, comment, now)
    : await approval(request, playbook, { asked, comment }, context, now);
  const { id, privateKey } = context.key();
  const sealed = sealRecord(record, id, privateKey);
  const line = JSON.stringify(request.dryRun ? { ...sealed, seal: '' } : sealed);
  return {
    annotations: {
      [annotations.decision]: null,
      [annotations.comment]: null,
      [annotations.standing]: before && !isRevocation ? `${before}\n${line}` : line,
    },
  };
}

// Before edits are held: a request that says nothing valid costs a turn of the edit rate.
async function requireDecision(request: AdmissionRequest, context: HoldingContext): Promise<void> {
  const asked = request.object?.metadata.annotations?.[annotations.decision] ?? '';
  try {
    if (asked !== REVOKE_SCHEDULE) {
      requireCurrent(request.oldObject as unknown as Playbook, parseAsked(asked).digest);
      requireManager(request, asked);
    }
    requirePlainNames(request.userInfo);
    requirePerson(request.userInfo, 'decide');
  } catch (error) {
    context.requireEditRate(request);
    throw error;
  }
  await requireVerbs(request, context);
}

// Who may decide about one action, and about this Playbook in advance. The policy sentinel-standing-approvals asks for the same.
async function requireVerbs({ userInfo, namespace, name }: AdmissionRequest, { authorizer }: StandingContext): Promise<void> {
  await authorizer.require(userInfo, { verb: 'approve', resource: 'playbooks', namespace, name });
  await authorizer.require(userInfo, { verb: 'approve', resource: 'agentactions', namespace, name: '' });
}

function headOf(playbook: Playbook, { username, uid, groups }: UserInfo, extra: StandingRecord['extra']) {
  // The order of these fields is what the ValidatingAdmissionPolicy compares with the request.
  return { standing: playbook.metadata.uid ?? '', digest: playbookDigest(playbook), user: username, uid, groups, extra };
}

type Unsealed<T> = Omit<T, 'key' | 'seal'>;

// Anybody with the verbs may revoke, also an agent or the author: it only ever stops something.
function revocation(
  { userInfo, options }: AdmissionRequest,
  playbook: Playbook,
  comment: string | undefined,
  now: Date,
): Unsealed<StandingRevocation> {
  if (options?.fieldManager?.startsWith('approve-schedule:'))
    throw new Denied(
      'FieldManagerRequired',
      'the request says in its field manager that it approves, and in the annotation that it revokes',
    );
  if (!parseStanding(playbook).some(({ decision }) => decision === 'approve'))
    throw new Denied(
      'DecisionWithoutEffect',
      'the schedule of this Playbook has no standing approval, so there is nothing to revoke',
    );
  const said = comment === undefined ? {} : { comment };
  return { ...headOf(playbook, userInfo, {}), decision: 'revoke', time: now.toISOString(), ...said };
}

async function approval(
  request: AdmissionRequest,
  playbook: Playbook,
  { asked, comment }: { readonly asked: string; readonly comment: string | undefined },
  { authorizer, policies }: StandingContext,
  now: Date,
): Promise<Unsealed<StandingRecord>> {
  const { userInfo, namespace } = request;
  const { digest, until, upToRisk } = parseAsked(asked);
  requireCurrent(playbook, digest);
  requireManager(request, asked);
  const authors = authorsOf(playbook);
  const truster = trusterOf(playbook);
  const set = await policies.policiesAbout(namespace, SCHEDULE);
  const trust = trustOf(playbook, await policies.sealKeys(), set);
  if (!trust.trusted || !trust.by || !authors || !truster)
    throw deniedByPolicy([
      {
        code: 'PlaybookNotTrusted',
        policy: 'Sentinel',
        rule: 'standing approvals',
        message: trust.trusted
          ? 'the floor trusts this Playbook by its digest, and a standing approval needs a person who trusts it as well: have somebody trust it'
          : `the Playbook is not trusted: ${trust.why}, and its schedule runs nothing until it is`,
      },
    ]);
  const what = 'approve its schedule';
  requireOther(userInfo, authors, `you wrote this Playbook, or a part of it: somebody else must ${what}`);
  requireOther(
    userInfo,
    [truster],
    `you trusted this Playbook, so you count as requester of its actions: somebody else must ${what}`,
  );
  requireNoAgent(set.agents, userInfo, what);
  const { requirements } = judgePlan(set, namespace, [], upToRisk);
  requireAllowed(requirements, { until, upToRisk }, now);
  requireGroups(requirements, userInfo.groups);
  requireReason(set, requirements, comment);
  const fault = approverClaimFault(set, userInfo.extra);
  if (fault !== undefined) throw new Denied('ApproverClaimNotAllowed', `policy does not accept your identity (${fault})`);
  const extra = approverClaims(set, userInfo.extra);
  requirePlainClaims(extra);
  const exemptBy = await requireSeparation(authorizer, set, userInfo, { identities: [SCHEDULE, ...authors, truster], what });
  const lines = playbook.metadata.annotations?.[annotations.standing]?.split('\n').length ?? 0;
  if (lines >= STANDING_KEPT)
    throw new Denied(
      'DecisionLimitExceeded',
      `the Playbook has ${lines} standing approvals and takes no more: revoke them, which takes the place of all of them, and approve again`,
    );
  return {
    ...headOf(playbook, userInfo, extra),
    decision: 'approve',
    parameters: parametersDigest(playbook),
    upToRisk,
    time: now.toISOString(),
    expires: until,
    ...(exemptBy === undefined ? {} : { exemptBy }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function requireManager({ options }: AdmissionRequest, asked: string): void {
  const { digest, until, upToRisk } = parseAsked(asked);
  if (options?.fieldManager !== asked)
    throw new Denied(
      'FieldManagerRequired',
      `the request must say what it asks for in a place that no webhook can change: add --field-manager=${standingApprovalRequest(digest, until, upToRisk)}`,
    );
}

function parseAsked(asked: string): { digest: string; until: string; upToRisk: StandingRisk } {
  const [, digest, until, risk] = ASKED.exec(asked) ?? [];
  const upToRisk = StandingRisk.safeParse(risk).data;
  if (digest === undefined || until === undefined || upToRisk === undefined || !isRealTime(until))
    throw new Denied(
      'DecisionInvalid',
      `${annotations.decision} must be ${REVOKE_SCHEDULE}, or approve-schedule:DIGEST:UNTIL:RISK with the digest of the Playbook that you saw, an end such as 2026-12-31T00:00:00Z, and the highest risk that it covers: ${StandingRisk.options.join(', ')}`,
    );
  return { digest, until, upToRisk };
}

function requireCurrent(playbook: Playbook, asked: string): void {
  const digest = playbookDigest(playbook);
  if (!playbook.spec.schedule) throw new Denied('DecisionInvalid', 'the Playbook has no schedule that could be approved');
  if ((playbook.status as PlaybookStatus | undefined)?.digest !== digest)
    throw new Denied(
      'PlaybookNotObserved',
      'waiting for the operator to read the current version of this Playbook; try again in a moment',
    );
  if (asked !== digest)
    throw new Denied(
      'PlaybookOutdated',
      `the digest that you saw (${asked}) is not the current digest of the Playbook (${digest}); look at it again`,
    );
}

function requireAllowed(
  { standing }: Requirements,
  { until, upToRisk }: { readonly until: string; readonly upToRisk: StandingRisk },
  now: Date,
): void {
  if (standing === undefined)
    throw new Denied(
      'StandingApprovalNotAllowed',
      `policy allows no standing approvals of actions up to the risk ${upToRisk}: each policy with \`approvals\` must set \`standing\` in the entry for this risk`,
    );
  const end = Date.parse(until);
  if (end <= now.getTime())
    throw new Denied('StandingApprovalTooLong', `the standing approval would have ended at ${until} already`);
  // Clocks differ a little. The end by policy is judged once more when it is used.
  if (end > now.getTime() + seconds(standing) * 1000 + CLOCK_SKEW_MS)
    throw new Denied(
      'StandingApprovalTooLong',
      `policy allows standing approvals of at most ${standing} for the risk ${upToRisk}: name an earlier end than ${until}`,
    );
}

function requireGroups({ groups, approverGroups, refuseGroups }: Requirements, own: readonly string[]): void {
  const refused = refuseGroups?.find((group) => own.includes(group));
  const missing = [groups, approverGroups].find((list) => list && !list.some((group) => own.includes(group)));
  if (refused !== undefined || missing !== undefined)
    throw new Denied(
      'ApproverGroupNotAllowed',
      refused === undefined
        ? `policy takes approvals from members of ${missing?.join(', ') ?? ''}, and you are not one: have one of them approve`
        : `policy refuses approvals of members of '${refused}', and you are one: have somebody else approve`,
    );
}

function requireReason(set: PolicySet, { reasons }: Requirements, comment: string | undefined): void {
  const refusals = judgeReason(set, 'approvals', comment);
  const fault = reasonFault(reasons, comment);
  if (refusals.length > 0) throw deniedByPolicy(refusals);
  if (fault) throw deniedByPolicy([{ ...fault, policy: 'Sentinel', rule: 'reasons.approvals' }]);
}
