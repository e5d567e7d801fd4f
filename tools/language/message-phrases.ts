import type { Phrase } from './phrase.ts';

/** Phrases of messages that readers misunderstood, or that have a term in the field. */
export const messagePhrases: readonly Phrase[] = [
  {
    pattern: String.raw`\bagents? writes? no\b`,
    reason: 'a denial belongs to the verb',
    instead: '"may not modify policies"',
    found: ["'bot' is an agent: agents write no policies"],
    plain: ['agents may not modify policies'],
  },
  {
    pattern: String.raw`\b(has|have|had) not looked at\b`,
    reason: 'a program does not look',
    instead: '"waiting for the operator to read …"',
    found: ['the operator has not looked at this Playbook yet'],
  },
  {
    pattern: String.raw`\bit is not known (who|for whom)\b`,
    reason: 'it does not say what is missing',
    instead: '"missing requester annotation", or the field that is missing',
    found: ['it is not known who wrote this Playbook', 'it is not known for whom the agent acts'],
    plain: ['it is not known whether the write was applied'],
  },
  {
    pattern: String.raw`\blets? (it|them|the \w+) rest\b`,
    reason: 'the term is cool-down',
    instead: '"is in cool-down"',
    found: ['policy lets it rest for a time'],
    plain: ['the rest of it'],
  },
  {
    pattern: String.raw`\bnobody is there\b`,
    reason: 'it does not say what is missing',
    instead: '"stdin is not a terminal"',
    found: ['Nobody is there to answer a question'],
  },
  {
    pattern: String.raw`\b(is|are) on no list\b`,
    reason: 'it does not name the list',
    instead: '"is not in FIELD"',
    found: ["image 'x' is on no list"],
    plain: ['it is on the list of dangerous commands'],
  },
  {
    pattern: String.raw`\bwants? a person\b`,
    reason: 'a policy does not want',
    instead: '"requires approval by a person"',
    found: ['AgentPolicy/p wants a person for the risk High'],
    plain: ['it needs a person'],
  },
  {
    pattern: String.raw`\b(is|are) dead\b(?!,)`,
    reason: 'it can mean several faults',
    instead: '"never matches", "is unreachable", "has no effect"',
    found: ["'x' is dead: network.deny covers it"],
  },
  {
    pattern: String.raw`\bthe stamps\b|\bstamps (of|do|does) `,
    reason: 'the term is annotation',
    instead: '"requester annotation", "author annotation"',
    found: ['the stamps of the action do not say who created it'],
    plain: ['the timestamps of records'],
  },
  {
    pattern: String.raw`\b(suspension|kill switch) (is|was|were) lifted\b|\blift(s|ing)? (the|a) (suspension|kill switch)\b`,
    reason: 'a switch is turned',
    instead: '"the kill switch is turned on, off"',
    found: ['approve again after the suspension is lifted', 'Lift the kill switch'],
  },
  {
    pattern: String.raw`\bsomebody else than (the|sentinel|its)\b`,
    reason: 'it hides who acts',
    instead: '"the request is not from the operator"',
    found: ['Somebody else than the operator would write a plan'],
    plain: ['somebody else must decide'],
  },
  {
    pattern: String.raw`\bno line covers\b|\bno line of .?approvals\b`,
    reason: 'a list of a policy has entries',
    instead: '"no entry of `approvals` covers"',
    found: ['no line of `approvals` covers the risk', 'a risk that no line covers'],
  },
  {
    pattern: String.raw`\bactions? that (it|this one) (belongs to|is a part of)\b`,
    reason: 'the terms are lineage, parent and ancestor',
    instead: '"the other actions of its lineage", "its ancestors"',
    found: ['together with the actions that it belongs to'],
  },
  {
    pattern: String.raw`\bdo what the message says\b`,
    reason: 'a remedy names the step',
    instead: '"correct the field that the message names"',
    found: ['Do what the message says.'],
  },
  {
    pattern: String.raw`\b(is|are|was|were|being) ended\b`,
    reason: 'a process ends by itself; somebody stops it',
    instead: '"is stopped"',
    found: ['the run is ended at once', 'its sandbox is being ended'],
    plain: ['the run has ended'],
  },
];
