/** What people do with each command, as they would type it: for `--help` and for the page about every command. */
const examples: Readonly<Record<string, readonly (readonly [what: string, line: string])[]>> = {
  queue: [
    ['What waits for me in a namespace', 'queue -n shop'],
    ['What is dangerous, in all namespaces, and what comes', 'queue -A --risk High+ --watch'],
  ],
  get: [
    ['The actions of a namespace that failed', 'get -n shop --state RunFailed,RolledBack'],
    [
      'Names alone, the newest last',
      'get -n shop --no-headers -o custom-columns=NAME:.metadata.name --sort-by=.metadata.creationTimestamp',
    ],
  ],
  plan: [
    ['What an action would change', 'plan repair-web -n shop'],
    ['All of it, also of a plan of many objects', 'plan repair-web -n shop --full'],
  ],
  approve: [
    ['Read the plan, and answer the question', 'approve repair-web -n shop'],
    ['Without a question: the plan that was read before', 'approve repair-web -n shop --plan sha256:… --yes'],
  ],
  reject: [['Reject it for good', "reject repair-web -n shop --comment 'not in the freeze' --yes"]],
  'request-changes': [['Have it revised', "request-changes repair-web -n shop --comment 'only one replica'"]],
  run: [
    ['A Playbook, to its end', "run set-image -n shop --summary 'Put the good image back' --param deployment=web --wait"],
    ['A command of its own', "run -n shop --account reader --image IMAGE --summary 'Look' -- kubectl get pods"],
    ['The actions of a file, and their ends as JSON', 'run -f action.yaml --wait -o json'],
  ],
  wait: [['Any end, with its exit code, as an agent does', 'wait repair-web -n shop --timeout 10m -o json']],
  report: [['What came of it', 'report repair-web -n shop']],
  logs: [
    ['The newest stage', 'logs repair-web -n shop'],
    ['Why the verification failed', 'logs repair-web -n shop --stage verification'],
    ['The results, for a program', 'logs repair-web -n shop --stage results -o json'],
    ['An action that is deleted, by the digest in its audit records', 'logs -n shop --digest sha256:…'],
  ],
  cancel: [['Stop it', "cancel repair-web -n shop --comment 'the wrong Deployment'"]],
  rollback: [
    ['Undo what it changed, once somebody has approved that', "rollback repair-web -n shop --reason 'orders fail since then'"],
  ],
  trust: [['Read a Playbook, and trust it as it is', 'trust set-image -n shop']],
  'schedules list': [['What runs on a schedule, and what came of it', 'schedules -A']],
  'schedules run': [['Run it now, and wait', 'schedules run namespace-health -n shop --wait']],
  'agents suspend': [['Stop an agent', 'agents suspend repair-agent -n shop']],
  'account create': [
    ['An account that may edit, for one agent', 'account create remediator -n shop --role edit --user shop:repair-agent'],
    ['The same for Git', 'account create remediator -n shop --role edit --dry-run=client -o yaml'],
  ],
  'audit verify': [['Every action of the cluster', 'audit verify -A']],
  'policy can-i': [
    ['May this agent do that?', 'policy can-i -n shop --as system:serviceaccount:shop:repair-agent -- kubectl get pods'],
  ],
  'policy test': [['The cases of a folder, without a cluster', 'policy test examples/policies/read-only-agents']],
};

/** The lines of the examples of a command: a comment and a command line each; none for a command without. */
export const examplesOf = (path: string): string[] =>
  (Object.hasOwn(examples, path) ? (examples[path] ?? []) : []).flatMap(([what, line]) => [
    `  # ${what}`,
    `  kubectl sentinel ${line}`,
  ]);

/** The commands that have examples, and the command lines. */
export const exampleLines = (): string[] => Object.values(examples).flatMap((list) => list.map(([, line]) => line));
