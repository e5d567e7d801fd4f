import { bounds } from '../analyze/bounds.ts';
import { surelyMatches, type Tokens } from '../rules/match.ts';
import { unknown, type Word } from '../shell/words.ts';

// The resources of Kubernetes: plural, singular, short names. Names of custom resources are only known in a cluster.
const kinds: readonly (readonly string[])[] = `pods pod po
services service svc
deployments deployment deploy
replicasets replicaset rs
statefulsets statefulset sts
daemonsets daemonset ds
replicationcontrollers replicationcontroller rc
jobs job
cronjobs cronjob cj
horizontalpodautoscalers horizontalpodautoscaler hpa
configmaps configmap cm
secrets secret
serviceaccounts serviceaccount sa
namespaces namespace ns
nodes node no
events event ev
endpoints endpoint ep
endpointslices endpointslice
persistentvolumes persistentvolume pv
persistentvolumeclaims persistentvolumeclaim pvc
resourcequotas resourcequota quota
limitranges limitrange limits
ingresses ingress ing
ingressclasses ingressclass
networkpolicies networkpolicy netpol
poddisruptionbudgets poddisruptionbudget pdb
storageclasses storageclass sc
volumeattributesclasses volumeattributesclass vac
priorityclasses priorityclass pc
certificatesigningrequests certificatesigningrequest csr
customresourcedefinitions customresourcedefinition crd crds
componentstatuses componentstatus cs
roles role
rolebindings rolebinding
clusterroles clusterrole
clusterrolebindings clusterrolebinding
mutatingwebhookconfigurations mutatingwebhookconfiguration
validatingwebhookconfigurations validatingwebhookconfiguration
validatingadmissionpolicies validatingadmissionpolicy
validatingadmissionpolicybindings validatingadmissionpolicybinding
mutatingadmissionpolicies mutatingadmissionpolicy
mutatingadmissionpolicybindings mutatingadmissionpolicybinding
apiservices apiservice
runtimeclasses runtimeclass
leases lease
controllerrevisions controllerrevision
podtemplates podtemplate
volumeattachments volumeattachment
csidrivers csidriver
csinodes csinode
csistoragecapacities csistoragecapacity`
  .split('\n')
  .map((line) => line.split(' '));
// `kubectl get all`.
const inAll = new Set(
  'pods services deployments replicasets statefulsets daemonsets replicationcontrollers jobs cronjobs horizontalpodautoscalers'.split(
    ' ',
  ),
);

const byName = new Map(
  kinds.flatMap((names) => names.map((name) => [name, inAll.has(names[0] ?? '') ? [...names, 'all'] : names] as const)),
);

/** Names of resources with all other names of the same ones, as kubectl takes them. */
export function resourceNames(names: readonly string[]): readonly string[] {
  const more = names.flatMap((name) => byName.get(name.toLowerCase()) ?? []);
  return more.length === 0 ? names : [...new Set([...names, ...more])];
}

/** Subcommands with a command of their own behind `--`; of all others, what stands there are operands as before. */
export const insidePods: Tokens = [['*'], ['exec', 'run', 'debug', 'attach']];

/**
 * The words of a kubectl command with each operand written out: `deploy/web` as `deploy web`, `pods,secrets` as `pods` and as
 * `secrets`, `Deployment.v1.apps` as `deployment`. One command line for each, as if it were the first operand.
 */
export function operandForms(words: readonly Word[]): readonly (readonly Word[])[] {
  const end = surelyMatches('kubectl', insidePods, ['*', ...words.slice(1)]) ? words.indexOf('--') : -1;
  const last = end < 0 ? words.length : end;
  const compound: number[] = [];
  for (let at = 2; at < last && compound.length < bounds.operands; at++) if (isCompound(words[at])) compound.push(at);
  return compound.flatMap((at) => {
    const before = words.slice(0, at).filter((_, index) => !compound.includes(index));
    return writtenOut(words[at] as Word).map((operand) => [...before, ...operand, ...words.slice(at + 1)]);
  });
}

/** How many words would have to be taken apart. */
export const operandCount = (words: readonly Word[]): number => words.reduce((sum, word) => sum + (isCompound(word) ? 1 : 0), 0);

function isCompound(word: Word | undefined): boolean {
  const text = typeof word === 'object' ? word.prefix : (word ?? '');
  return /^[A-Za-z][\w-]*([A-Z]|[/.,])/.test(text) || /^[A-Z]/.test(text);
}

function writtenOut(word: Word): (readonly Word[])[] {
  const text = typeof word === 'string' ? word : word.prefix;
  const [types = '', ...rest] = text.split('/');
  const named = text.includes('/');
  const list = types.split(',').slice(0, bounds.operands);
  const name = rest.join('/');
  return list.map((type, index) => {
    const plain = type.toLowerCase().replace(/\..*$/s, '');
    // Of a word with an unknown end, only the last type may go on.
    if (typeof word === 'object' && !named && index === list.length - 1 && !type.includes('.'))
      return [{ ...unknown(word.source, plain), many: word.many }];
    const object: Word = typeof word === 'object' ? { ...unknown(word.source, name), many: word.many } : name;
    return named ? [plain, object] : [plain];
  });
}
