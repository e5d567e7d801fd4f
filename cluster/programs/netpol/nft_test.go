package main

import (
	"runtime"
	"strings"
	"syscall"
	"testing"

	netv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/knftables"
)

func TestWriteReplacesTheTable(t *testing.T) {
	pods, namespaces := cluster()
	policies := []*netv1.NetworkPolicy{
		policy(t, "deny", "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress]}"),
		policy(t, "web", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}"),
	}
	nft := knftables.NewFake(knftables.InetFamily, tableName)
	// What the first write left must be gone after the second.
	for _, model := range []Model{
		Compile([]*netv1.NetworkPolicy{policy(t, "all", "podSelector: {}")}, pods, namespaces),
		Compile(policies, pods, namespaces),
	} {
		if err := Write(t.Context(), nft, model); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.TrimSpace(`
add table inet sentinel-netpol { comment "NetworkPolicy" ; }
add chain inet sentinel-netpol egress-10.244.0.4 { comment "a/db" ; }
add chain inet sentinel-netpol forward { type filter hook forward priority 0 ; }
add chain inet sentinel-netpol ingress-10.244.0.4 { comment "a/db" ; }
add chain inet sentinel-netpol input { type filter hook input priority 0 ; }
add map inet sentinel-netpol egress { type ipv4_addr : verdict ; }
add map inet sentinel-netpol ingress { type ipv4_addr : verdict ; }
add rule inet sentinel-netpol egress-10.244.0.4 ip daddr 10.244.0.4 return
add rule inet sentinel-netpol egress-10.244.0.4 drop
add rule inet sentinel-netpol forward ct state established,related accept
add rule inet sentinel-netpol forward ip saddr vmap @egress
add rule inet sentinel-netpol forward ip daddr vmap @ingress
add rule inet sentinel-netpol ingress-10.244.0.4 ip saddr 10.244.0.4 return
add rule inet sentinel-netpol ingress-10.244.0.4 ip saddr 10.244.0.2 tcp dport 80 return
add rule inet sentinel-netpol ingress-10.244.0.4 drop
add rule inet sentinel-netpol input ct state established,related accept
add rule inet sentinel-netpol input ip saddr vmap @egress
add element inet sentinel-netpol egress { 10.244.0.4 : jump egress-10.244.0.4 }
add element inet sentinel-netpol ingress { 10.244.0.4 : jump ingress-10.244.0.4 }
`)
	if got := strings.TrimSpace(nft.Dump()); got != want {
		t.Errorf("got:\n%s", got)
	}
}

// The kernel and nft must take every form of rule there is. The thread, and with it its network namespace, ends with
// the test, as it is never unlocked.
func TestKernelTakesTheRules(t *testing.T) {
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	nft, err := knftables.New(knftables.InetFamily, tableName)
	if err != nil {
		t.Skipf("no nft: %v", err)
	}
	pods, namespaces := cluster()
	model := Compile([]*netv1.NetworkPolicy{policy(t, "every", `
podSelector: {}
policyTypes: [Ingress, Egress]
ingress: [{}, {from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.1.0.0/16, 10.2.0.0/16]}}, {podSelector: {}}],
  ports: [{port: 80, endPort: 90}, {port: 1, endPort: 65535, protocol: UDP}, {port: 9, protocol: SCTP}]}]
egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: http}, {port: 80}, {port: 443}, {protocol: SCTP}]}]
`)}, pods, namespaces)
	for range 2 {
		if err := Write(t.Context(), nft, model); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := nft.ListRules(t.Context(), "ingress-10.244.0.2")
	if err != nil || len(rules) != 9 {
		t.Errorf("%d rules, %v", len(rules), err)
	}
}
