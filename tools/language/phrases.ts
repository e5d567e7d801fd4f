/** A phrase that a reader who has not met the code does not understand, or that is not a term of the field. */
export type Phrase = {
  /** A regular expression, read without regard to case. A space in it also matches the break of a line, of a comment too. */
  pattern: string;
  /** Why it is refused. */
  reason: string;
  /** What to write. */
  instead: string;
  /** Texts in which the pattern is found. */
  found: readonly string[];
  /** Texts near to it that are plain English, and in which it is not found. */
  plain?: readonly string[];
};

/** Phrases that are not allowed in the text of this repository. */
export const phrases: readonly Phrase[] = [
  {
    pattern: String.raw`\bcan not\b`,
    reason: 'it is one word',
    instead: '"cannot"',
    found: ['it can not be read'],
    plain: ['it cannot be read', 'it can notify'],
  },
  {
    pattern: String.raw`\b(that|which|what|who|it|this|text|one) (is|are|was) no (?!longer\b|more\b)\w`,
    reason: 'a denial belongs to the verb',
    instead: '"is not a …"',
    found: ['a text that is no JSON', 'it is no object'],
    plain: ['there is no object', 'it is no longer an object', 'who has no right'],
  },
  {
    pattern: String.raw`(?<!\bthere )\b(is|are|was|were) none\b`,
    reason: '"none" stands for a noun that the reader has to look for',
    instead: '"is not one", "is not a NOUN", "does not exist", or "is empty"',
    found: ['a name that is none'],
    plain: ['None of them is read', 'undefined if there is none'],
  },
  {
    pattern: String.raw`\b(that|which|what|who|it|they) (is|are|was|were) (not )?there\b`,
    reason: 'it does not say what is meant, and where',
    instead: '"exists", "the existing NOUN", or the name of the place',
    found: ['it replaces what is there', 'an owner that is not there'],
    plain: ['if there is one', 'the object is there to be read'],
  },
  {
    pattern: String.raw`\b(is|are) not there\b`,
    reason: 'it does not say where',
    instead: '"does not exist" or "is missing"',
    found: ['the file is not there'],
  },
  {
    pattern: String.raw`\bwhere (there|nothing|nobody) \w+`,
    reason: '"where" is a place; a condition is meant',
    instead: '"if there is", "if nothing"',
    found: ['undefined where there is no plan', 'where nothing is given'],
    plain: ['the folder where it is', 'elsewhere there is'],
  },
  {
    pattern: String.raw`\b(those|strictest|ones|all|anything) (that )?there (is|are|was|were)\b`,
    reason: 'an inverted sentence',
    instead: '"the existing NOUN", "all NOUNs", "the strictest NOUN"',
    found: ['the strictest there is', 'those that there are'],
    plain: ['check that there is a plan'],
  },
  {
    pattern: String.raw`\bcannot be told\b|\bcan't be told\b`,
    reason: '"told" is not a term for an unknown fact',
    instead: '"is unknown", "cannot be determined"',
    found: ['what happens cannot be told'],
  },
  {
    pattern: String.raw`\b(tells?|told|telling|knows?|known|hears?|heard) of\b`,
    reason: 'an object is named, recorded, reported or missing',
    instead: '"records", "reports", "names", "describes"',
    found: ['no record tells of its end'],
    plain: ['tell your security team'],
  },
  {
    pattern: String.raw`\bspe(ak|aks|aking) of\b|\bspoke of\b`,
    reason: 'a policy or a rule does not speak',
    instead: '"applies to", "has rules about", "matches"',
    found: ['no policy speaks of them'],
  },
  {
    pattern: String.raw`\b(lets?|letting) go of\b`,
    reason: 'it does not say what is released',
    instead: '"removes the finalizer", "releases the lease"',
    found: ['the operator lets go of it'],
    plain: ['it lets Go build it'],
  },
  {
    pattern: String.raw`\bways? back\b|\bwayBack\b`,
    reason: 'the term is rollback',
    instead: '"rollback"',
    found: ['without a way back', 'wayBack: false'],
  },
  {
    pattern: String.raw`\b(tak(e|es|en|ing)|took) (\w+ )?back\b`,
    reason: 'the terms are rollback and revoke',
    instead: '"rolls back", "undoes", "revokes"',
    found: ['what it changed is taken back', 'takes it back'],
    plain: ['going back to the start'],
  },
  {
    pattern: String.raw`\bsteps? of (its|their|your|one's|an action's) own\b|\bown steps\b`,
    reason: 'the field is called adHocSteps',
    instead: '"ad-hoc steps"',
    found: ['an action with steps of its own', 'own steps'],
  },
  {
    pattern: String.raw`\b(comes?|came|coming|brought|brings?|runs?|ran|gets?|got) (\w+ )?to (its|their|an) end\b`,
    reason: 'three words for one',
    instead: '"ends", "ended", "finishes"',
    found: ['the action has come to its end', 'it is brought to its end'],
    plain: ['from the start to the end'],
  },
  {
    pattern: String.raw`\brests\b`,
    reason: 'the term is cool-down',
    instead: '"is in cool-down"',
    found: ["Playbook 'x' rests here"],
    plain: ['the rest is kept'],
  },
  {
    pattern: String.raw`\bwho files?\b|\b(re)?fil(e|es|ing) (the|an|this|that) (next |new |same |other )?(agent)?action\b`,
    reason: 'objects are created; the person is the requester',
    instead: '"the requester", "create the action"',
    found: ['ask who files', 'file the action again', 'an agent files an AgentAction'],
    plain: ['the file of the action', 'who reads files'],
  },
  {
    pattern: String.raw`\bwhat nobody\b`,
    reason: 'two negations in one noun',
    instead: 'the noun itself: "secrets", "unreviewed objects"',
    found: ['there may be what nobody should keep'],
  },
  {
    pattern: String.raw`\b(say|says|said) in words\b|\ba word (about|of)\b|\bno words? (of|about)\b`,
    reason: 'not a literal use of "word"',
    instead: '"a message", "a warning", "describes"',
    found: ['with a word about it', 'no word of this product'],
    plain: ['the last word of the line'],
  },
  {
    pattern: String.raw`\b(hold|holds|holding|held) (\w+ ){0,3}against\b`,
    reason: 'an idiom',
    instead: '"compares … with"',
    found: ['its records are held against the status', 'holds it against the plan'],
    plain: ['the lease is held'],
  },
  {
    pattern: String.raw`\b(taken?|takes|taking|took) for (granted|given|harmless|new|none|one|a|an|it)\b`,
    reason: 'an idiom',
    instead: '"treated as", "assumed to be", "mistaken for"',
    found: ['it is taken for a credential'],
    plain: ['the time it takes for each'],
  },
  {
    pattern: String.raw`, for (it|they|he|there|nothing|nobody) (is|are|was|were|has|have|can|cannot|may|must|does|do|would)\b`,
    reason: '"for" as a conjunction is literary',
    instead: '"because"',
    found: ['it is strict, for it cannot be read'],
    plain: ['wait, for it to be ready'],
  },
  {
    pattern: String.raw`\bbut for\b`,
    reason: 'it can be read in two ways',
    instead: '"except for"',
    found: ['all of them, but for the last'],
  },
  {
    pattern: String.raw`\b(is|are|was|were) to be (?!\d)\w+`,
    reason: 'it can mean a plan, a duty or a possibility',
    instead: '"must be", "will be"',
    found: ['the request is to be sent again'],
    plain: ['it needs to be sent'],
  },
  {
    pattern: String.raw`\bwhoever\b|\bwhosoever\b|\bof whom\b`,
    reason: 'a person without a role',
    instead: '"the caller", "anyone who", "the requester"',
    found: ['whoever asks', 'somebody of whom no policy is known'],
  },
  {
    pattern: String.raw`\banew\b`,
    reason: 'literary',
    instead: '"again", "from the start"',
    found: ['it is made anew'],
    plain: ['a new one'],
  },
  {
    pattern: String.raw`\bwhat (becomes?|became|has become|had become) of\b`,
    reason: 'an idiom',
    instead: '"the outcome of", "what happened to"',
    found: ['what became of each effect'],
  },
  {
    pattern: String.raw`\bin which there (is|are|may)\b`,
    reason: 'an inverted sentence',
    instead: '"that contains", "that may contain"',
    found: ['a log in which there may be secrets'],
  },
  {
    pattern: String.raw`\b(hence|thereof|thereby|whereby|therein|thereupon|merely|shall|lest|albeit)\b`,
    reason: 'literary or legal',
    instead: '"so", "of it", "only", "must"',
    found: ['it shall not pass', 'merely a hint'],
    plain: ['a shallow copy'],
  },
  {
    pattern: String.raw`\b(goes|go|went|gone) with (it|them)\b|\b(brings?|brought) along\b`,
    reason: 'it does not say what happens to which object',
    instead: '"is deleted with it", "adds"',
    found: ['what goes with it', 'the map that it brought along'],
  },
  {
    pattern: String.raw`\bNOT ANNOUNCED\b|\bWAY BACK\b`,
    reason: 'headings are the words that users search for',
    instead: 'UNDECLARED EFFECTS, ROLLBACK',
    found: ['NOT ANNOUNCED  2 effects'],
  },
];
