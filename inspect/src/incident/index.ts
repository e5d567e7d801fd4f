export { actionFindings, hasOnlyRead, isActive } from './action-findings.ts';
export { changeBeforeTrouble } from './cause.ts';
export { actionMoments, decisionMoments, eventMoments, logMoments, rolloutMoments, type Window } from './moments.ts';
