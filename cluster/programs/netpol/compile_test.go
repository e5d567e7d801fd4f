package main

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func namespace(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

func pod(namespace, name, ip string, labels map[string]string, ports ...corev1.ContainerPort) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Ports: ports}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip},
	}
}

// The cluster of every case: web, api and db in ns a (team=red), web in ns b (team=blue), a pod on the host's network
// and one that has ended.
func cluster() ([]*corev1.Pod, []*corev1.Namespace) {
	onHost := pod("a", "onhost", "172.31.255.2", map[string]string{"app": "web"})
	onHost.Spec.HostNetwork = true
	ended := pod("a", "ended", "10.244.0.9", map[string]string{"app": "web"})
	ended.Status.Phase = corev1.PodSucceeded
	pods := []*corev1.Pod{
		ended,
		pod("b", "web", "10.244.0.5", map[string]string{"app": "web"}, corev1.ContainerPort{Name: "http", ContainerPort: 9090}),
		pod("a", "db", "10.244.0.4", map[string]string{"app": "db", "tier": "data"}),
		pod("a", "api", "10.244.0.3", map[string]string{"app": "api"},
			corev1.ContainerPort{Name: "http", ContainerPort: 8081},
			corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}),
		pod("a", "web", "10.244.0.2", map[string]string{"app": "web"}, corev1.ContainerPort{Name: "http", ContainerPort: 8080}),
		onHost,
		pod("a", "pending", "", map[string]string{"app": "web"}),
	}
	return pods, []*corev1.Namespace{
		namespace("a", map[string]string{"team": "red"}),
		namespace("b", map[string]string{"team": "blue"}),
	}
}

// lines shows a model as "pod direction: match", one line per rule, and "pod direction" for a gate without any.
func lines(model Model) []string {
	var out []string
	for _, p := range model.Pods {
		for _, gate := range []struct {
			direction string
			*Gate
		}{{"ingress", p.Ingress}, {"egress", p.Egress}} {
			if gate.Gate == nil {
				continue
			}
			head := p.Name + " " + gate.direction
			if len(gate.Rules) == 0 {
				out = append(out, head)
			}
			for _, rule := range gate.Rules {
				match := matchOf(gate.direction, rule)
				if match == "" {
					match = "any"
				}
				out = append(out, head+": "+match)
			}
		}
	}
	return out
}

func policy(t *testing.T, name, spec string) *netv1.NetworkPolicy {
	t.Helper()
	p := &netv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: name}}
	if err := yaml.UnmarshalStrict([]byte(spec), &p.Spec); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCompile(t *testing.T) {
	const db = "podSelector: {matchLabels: {app: db}}\n"
	for _, c := range []struct {
		name  string
		specs []string
		want  []string
	}{
		{"no policy isolates nobody", nil, nil},
		{
			"default deny ingress, of its own namespace only",
			[]string{"podSelector: {}"},
			[]string{"a/web ingress", "a/api ingress", "a/db ingress"},
		},
		{
			"default deny egress",
			[]string{"{podSelector: {}, policyTypes: [Egress]}"},
			[]string{"a/web egress", "a/api egress", "a/db egress"},
		},
		{
			"policyTypes default to both when there is egress",
			[]string{db + "egress: [{}]"},
			[]string{"a/db ingress", "a/db egress: any"},
		},
		{
			"rules of a direction that is not in policyTypes count for nothing",
			[]string{db + "policyTypes: [Ingress]\negress: [{}]"},
			[]string{"a/db ingress"},
		},
		{
			"an empty rule allows everything",
			[]string{db + "ingress: [{}]"},
			[]string{"a/db ingress: any"},
		},
		{
			"podSelector means pods of the policy's namespace",
			[]string{db + "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]"},
			[]string{"a/db ingress: ip saddr 10.244.0.2"},
		},
		{
			"matchExpressions",
			[]string{`{podSelector: {matchExpressions: [{key: tier, operator: Exists}]},
				ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}}]}]}`},
			[]string{"a/db ingress: ip saddr { 10.244.0.2, 10.244.0.3 }"},
		},
		{
			"namespaceSelector means all pods in them",
			[]string{db + "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}]}]"},
			[]string{"a/db ingress: ip saddr 10.244.0.5"},
		},
		{
			"both selectors in one peer must match",
			[]string{db + "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {app: api}}}]}]"},
			[]string{"a/db ingress"},
		},
		{
			"two peers add up",
			[]string{db + "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}, {podSelector: {matchLabels: {app: api}}}]}]"},
			[]string{"a/db ingress: ip saddr { 10.244.0.3, 10.244.0.5 }"},
		},
		{
			"an empty namespaceSelector means all namespaces",
			[]string{db + "egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]\npolicyTypes: [Egress]"},
			[]string{"a/db egress: ip daddr { 10.244.0.2, 10.244.0.5 }"},
		},
		{
			"selected peers that do not exist allow nobody",
			[]string{db + "ingress: [{from: [{podSelector: {matchLabels: {app: none}}}], ports: [{port: 80}]}]"},
			[]string{"a/db ingress"},
		},
		{
			"ipBlock with exceptions, canonical and without nested ones",
			[]string{db + "ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8, except: [10.2.1.0/24, 10.2.0.0/16, 10.3.0.0/16]}}]}]"},
			[]string{"a/db ingress: ip saddr 10.0.0.0/8 ip saddr != { 10.2.0.0/16, 10.3.0.0/16 }"},
		},
		{
			"the exceptions of one block do not touch another or a selected pod",
			[]string{db + `ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.244.0.0/16]}}, {ipBlock: {cidr: 10.244.1.0/24}},
				{podSelector: {matchLabels: {app: web}}}]}]`},
			[]string{
				"a/db ingress: ip saddr 10.244.0.2",
				"a/db ingress: ip saddr 10.0.0.0/8 ip saddr != 10.244.0.0/16",
				"a/db ingress: ip saddr 10.244.1.0/24",
			},
		},
		{
			"IPv6 blocks allow nothing over IPv4",
			[]string{db + "ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]"},
			[]string{"a/db ingress"},
		},
		{
			"ports: TCP by default, ranges, overlaps joined, a rule per protocol",
			[]string{db + `ingress: [{ports: [{port: 90}, {port: 80, endPort: 95}, {port: 443}, {protocol: UDP, port: 53}, {protocol: SCTP}]}]`},
			[]string{
				"a/db ingress: tcp dport { 80-95, 443 }",
				"a/db ingress: udp dport 53",
				"a/db ingress: meta l4proto sctp",
			},
		},
		{
			"a protocol without a port covers its ports",
			[]string{db + "ingress: [{ports: [{port: 90}, {protocol: TCP}]}]"},
			[]string{"a/db ingress: meta l4proto tcp"},
		},
		{
			"named ports of ingress are those of each pod itself, by protocol",
			[]string{"{podSelector: {}, ingress: [{ports: [{port: http}, {protocol: UDP, port: dns}]}]}"},
			[]string{
				"a/web ingress: tcp dport 8080",
				"a/api ingress: tcp dport 8081",
				"a/api ingress: udp dport 53",
				"a/db ingress",
			},
		},
		{
			"named ports of egress are those of each destination",
			[]string{db + "policyTypes: [Egress]\negress: [{to: [{namespaceSelector: {}}], ports: [{port: http}, {port: 22}]}]"},
			[]string{
				"a/db egress: ip daddr { 10.244.0.2, 10.244.0.3, 10.244.0.4, 10.244.0.5 } tcp dport 22",
				"a/db egress: ip daddr 10.244.0.2 tcp dport 8080",
				"a/db egress: ip daddr 10.244.0.3 tcp dport 8081",
				"a/db egress: ip daddr 10.244.0.5 tcp dport 9090",
			},
		},
		{
			"named ports within an ipBlock heed its exceptions",
			[]string{db + "policyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 10.244.0.0/30, except: [10.244.0.2/32]}}], ports: [{port: http}]}]"},
			[]string{"a/db egress: ip daddr 10.244.0.3 tcp dport 8081"},
		},
		{
			"named ports without destinations are those of every pod",
			[]string{db + "policyTypes: [Egress]\negress: [{ports: [{protocol: UDP, port: dns}]}]"},
			[]string{"a/db egress: ip daddr 10.244.0.3 udp dport 53"},
		},
		{
			"policies add up, and isolate only what they select",
			[]string{
				"podSelector: {}",
				db + "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]",
				db + "ingress: [{ports: [{port: 5432}]}]",
			},
			[]string{"a/web ingress", "a/api ingress", "a/db ingress: ip saddr 10.244.0.2", "a/db ingress: tcp dport 5432"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var policies []*netv1.NetworkPolicy
			for i, spec := range c.specs {
				policies = append(policies, policy(t, string(rune('a'+i)), spec))
			}
			pods, namespaces := cluster()
			got := lines(Compile(policies, pods, namespaces))
			if !slices.Equal(got, c.want) {
				t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
			slices.Reverse(policies)
			slices.Reverse(pods)
			if reordered := lines(Compile(policies, pods, namespaces)); !slices.Equal(reordered, got) {
				t.Errorf("another order of the inputs changed the result:\n  %s", strings.Join(reordered, "\n  "))
			}
		})
	}
}

func TestAddressBelongsToTheNewerPod(t *testing.T) {
	_, namespaces := cluster()
	older := pod("a", "older", "10.244.0.2", nil)
	newer := pod("a", "newer", "10.244.0.2", nil)
	newer.CreationTimestamp = metav1.Unix(1, 0)
	for _, pods := range [][]*corev1.Pod{{older, newer}, {newer, older}} {
		got := lines(Compile([]*netv1.NetworkPolicy{policy(t, "deny", "podSelector: {}")}, pods, namespaces))
		if !slices.Equal(got, []string{"a/newer ingress"}) {
			t.Errorf("got %q", got)
		}
	}
}
