import type { Word } from '../shell/words.ts';

/** Options that may stand before or between subcommands. `values` take the next word unless the value is attached. */
export interface GlobalOptions {
  readonly values: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  /** Letters that take a value in every subcommand that has them. */
  readonly letters: string;
}

const entry = (values: string, flags: string, letters = ''): GlobalOptions => ({
  values: new Set(values.split(' ')),
  flags: new Set(flags.split(' ')),
  letters,
});

const kubectl = entry(
  '-n --namespace --context --cluster --user --kubeconfig -s --server --token --as --as-group --as-uid --as-user-extra --cache-dir --certificate-authority --client-certificate --client-key --request-timeout --tls-server-name --password --username --profile --profile-output -v --v --vmodule --log-flush-frequency --kuberc',
  '--insecure-skip-tls-verify --match-server-version --warnings-as-errors --disable-compression --version -h --help',
  'nsvolLck',
);
const docker = entry(
  '--config -c --context -H --host -l --log-level --tlscacert --tlscert --tlskey --url --connection --root --runroot --storage-driver --storage-opt --identity --log-level --cgroup-manager --conmon --network-cmd-path --tmpdir --namespace -n --address -a',
  '-D --debug --tls --tlsverify -v --version --help -r --remote',
);

/** Global options of programs with subcommands. What is not listed is ambiguous, which never helps the agent. */
export const globalOptions: Readonly<Record<string, GlobalOptions>> = {
  kubectl,
  oc: kubectl,
  helm: entry(
    '-n --namespace --kube-context --kubeconfig --kube-apiserver --kube-as-group --kube-as-user --kube-ca-file --kube-tls-server-name --kube-token --registry-config --repository-cache --repository-config --content-cache --burst-limit --qps --color --colour',
    '--debug --kube-insecure-skip-tls-verify -h --help',
    'no',
  ),
  git: entry(
    '-C -c --git-dir --work-tree --namespace --config-env --super-prefix --attr-source',
    '-p --paginate -P --no-pager --bare --no-replace-objects --no-lazy-fetch --no-optional-locks --no-advice --literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs -v --version -h --help',
  ),
  docker,
  podman: docker,
  nerdctl: docker,
  crictl: entry('-c --config -i --image-endpoint -r --runtime-endpoint -t --timeout', '-D --debug -h --help -v --version'),
  terraform: entry('', '-help -version --help --version'),
  tofu: entry('', '-help -version --help --version'),
  argocd: entry(
    '--argocd-context --auth-token --client-crt --client-crt-key --config --controller-name --grpc-web-root-path -H --header --http-retry-max --kube-context --logformat --loglevel --port-forward-namespace --redis-compress --redis-haproxy-name --redis-name --repo-server-name --server --server-crt --server-name',
    '--core --grpc-web --insecure --plaintext --port-forward --prompts-enabled -h --help',
  ),
  flux: entry(
    '-n --namespace --context --cluster --user --kubeconfig -s --server --token --as --as-group --as-uid --cache-dir --certificate-authority --client-certificate --client-key --timeout --tls-server-name --kube-api-burst --kube-api-qps',
    '--insecure-skip-tls-verify --verbose --disable-compression -h --help',
  ),
  gh: entry('-R --repo --hostname', '-h --help --version'),
  systemctl: entry(
    '-H --host -M --machine -t --type --state -p --property -P -n --lines -o --output -s --signal --kill-whom --root --job-mode --what --image --timestamp',
    '--user --system --global --no-pager -q --quiet --no-block --now -f --force -a --all -l --full --no-legend --no-ask-password --runtime --plain -h --help --version',
    'tpPnosHM',
  ),
  npm: entry(
    '--prefix -C -w --workspace --loglevel --registry --userconfig --globalconfig --cache --script-shell',
    '-g --global -s --silent -d --verbose -q --quiet -y --yes -f --force --no-audit --no-fund --ignore-scripts -h --help',
  ),
  pnpm: entry('-C --dir --filter -F --loglevel --reporter', '-r --recursive -w --workspace-root --silent -h --help'),
  yarn: entry('--cwd --registry --cache-folder', '-s --silent --verbose -h --help'),
  kustomize: entry('', '--stack-trace -h --help'),
  aws: entry(
    '--profile --region --output --endpoint-url --query --color --ca-bundle --cli-read-timeout --cli-connect-timeout',
    '--debug --no-verify-ssl --no-paginate --no-sign-request --no-cli-pager --version',
  ),
  gcloud: entry(
    '--project --account --configuration --format --verbosity --billing-project --impersonate-service-account',
    '-q --quiet --help -h',
  ),
};

// Written in Go, whose libraries know options by their whole names alone.
const wholeNames = new Set(
  'kubectl oc helm docker podman nerdctl crictl ctr buildah terraform tofu terragrunt pulumi argocd flux gh kustomize'.split(' '),
);

/** Whether a program may take the beginning of a long option for the option, as most do. */
export const abbreviates = (program: string | undefined): boolean => program === undefined || !wholeNames.has(program);

/** How many words an option takes: 1, 2, or undefined if that cannot be determined. */
export function widthOf(program: string, option: string): 1 | 2 | undefined {
  // A value that is attached makes one word under every reading.
  if (option.startsWith('--') && option.includes('=')) return 1;
  const table = globalOptions[program];
  if (!table) return undefined;
  if (table.flags.has(option)) return 1;
  if (table.values.has(option)) return 2;
  // '-nprod' and '-n=prod': a short option with its value.
  if (/^-[A-Za-z]./.test(option) && !option.startsWith('--') && table.values.has(option.slice(0, 2))) return 1;
  if (/^-[a-z]+=/.test(option) && (program === 'terraform' || program === 'tofu')) return 1;
  return undefined;
}

/** The letters of a bundle such as `-xvf`, up to and with the first that is known to take what follows as its value. */
export function lettersOf(program: string | undefined, bundle: string): string {
  const letters = (program === undefined ? undefined : globalOptions[program]?.letters) ?? '';
  for (let at = 1; at < bundle.length; at++) if (letters.includes(bundle[at] ?? '')) return bundle.slice(1, at + 1);
  return bundle.slice(1);
}

/**
 * What stands before the subcommand of a program and is not known there: the subcommand may be its value, or what comes after it.
 * Undefined when all of it is known.
 */
export function unknownBefore(program: string, words: readonly Word[]): Word | undefined {
  for (let at = 0; at < words.length; ) {
    const word = words[at];
    if (typeof word !== 'string' || word === '--') return undefined;
    if (word === '' || word === '-') return word;
    if (!word.startsWith('-')) return undefined;
    const width = widthOf(program, word);
    if (width === undefined) return word;
    at += width;
  }
  return undefined;
}
