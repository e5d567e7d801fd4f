package main

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Model is what the policies mean for the pods that exist now: only pods isolated in some direction are in it.
type Model struct {
	Pods []IsolatedPod
}

// IsolatedPod has a gate per direction a policy isolates it in; a nil gate is open.
type IsolatedPod struct {
	Name    string
	IP      netip.Addr
	Ingress *Gate
	Egress  *Gate
}

// Gate lets through what any of its rules matches and drops the rest.
type Gate struct {
	Rules []Rule
}

// Rule matches when the far end is in Peers (nil: anywhere) and not in Except, the protocol is Proto ("": any)
// and the destination port is in Ports (nil: any).
type Rule struct {
	Peers  []netip.Prefix
	Except []netip.Prefix
	Proto  corev1.Protocol
	Ports  []PortRange
}

type PortRange struct{ First, Last uint16 }

type target struct {
	pod *corev1.Pod
	ip  netip.Addr
}

type compiler struct {
	targets    []target
	namespaces map[string]labels.Set
}

// Compile is pure, and its result does not depend on the order of its inputs.
func Compile(policies []*netv1.NetworkPolicy, pods []*corev1.Pod, namespaces []*corev1.Namespace) Model {
	c := compiler{targets: targetsOf(pods), namespaces: map[string]labels.Set{}}
	for _, ns := range namespaces {
		c.namespaces[ns.Name] = ns.Labels
	}
	policies = slices.SortedFunc(slices.Values(policies), func(a, b *netv1.NetworkPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var model Model
	for _, t := range c.targets {
		isolated := IsolatedPod{Name: t.pod.Namespace + "/" + t.pod.Name, IP: t.ip}
		for _, policy := range policies {
			if policy.Namespace != t.pod.Namespace || !selector(&policy.Spec.PodSelector).Matches(labels.Set(t.pod.Labels)) {
				continue
			}
			ingress, egress := directions(policy)
			if ingress {
				if isolated.Ingress == nil {
					isolated.Ingress = &Gate{}
				}
				for _, rule := range policy.Spec.Ingress {
					isolated.Ingress.add(c.ingress(t, policy.Namespace, rule))
				}
			}
			if egress {
				if isolated.Egress == nil {
					isolated.Egress = &Gate{}
				}
				for _, rule := range policy.Spec.Egress {
					isolated.Egress.add(c.egress(policy.Namespace, rule))
				}
			}
		}
		if isolated.Ingress != nil || isolated.Egress != nil {
			model.Pods = append(model.Pods, isolated)
		}
	}
	return model
}

func (g *Gate) add(rules []Rule) { g.Rules = append(g.Rules, rules...) }

// targetsOf keeps the pods that own an address. Should two live pods claim one (the API server has not yet heard of
// the end of the first), the address belongs to the newer.
func targetsOf(pods []*corev1.Pod) []target {
	byIP := map[netip.Addr]*corev1.Pod{}
	for _, pod := range pods {
		ip, ok := addressOf(pod)
		if !ok {
			continue
		}
		if other := byIP[ip]; other == nil || newer(pod, other) {
			byIP[ip] = pod
		}
	}
	targets := make([]target, 0, len(byIP))
	for ip, pod := range byIP {
		targets = append(targets, target{pod, ip})
	}
	slices.SortFunc(targets, func(a, b target) int { return a.ip.Compare(b.ip) })
	return targets
}

func newer(a, b *corev1.Pod) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return b.CreationTimestamp.Before(&a.CreationTimestamp)
	}
	return a.UID > b.UID
}

func addressOf(pod *corev1.Pod) (netip.Addr, bool) {
	if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return netip.Addr{}, false
	}
	for _, candidate := range append([]corev1.PodIP{{IP: pod.Status.PodIP}}, pod.Status.PodIPs...) {
		if ip, err := netip.ParseAddr(candidate.IP); err == nil && ip.Is4() {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func directions(policy *netv1.NetworkPolicy) (ingress, egress bool) {
	if len(policy.Spec.PolicyTypes) == 0 {
		return true, len(policy.Spec.Egress) > 0
	}
	return slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeIngress),
		slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeEgress)
}

// selector: the API server admits no malformed selector, so an error needs no more than to select nothing.
func selector(s *metav1.LabelSelector) labels.Selector {
	parsed, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}

// ends is one set of far ends: a prefix list (nil: anywhere) without its exceptions.
type ends struct {
	peers  []netip.Prefix
	except []netip.Prefix
}

func (e ends) contains(ip netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(ip) }
	return (e.peers == nil || slices.ContainsFunc(e.peers, within)) && !slices.ContainsFunc(e.except, within)
}

// ends resolves the peers of one rule: all selected pods together, and each ipBlock by itself as it has exceptions
// of its own.
func (c *compiler) ends(namespace string, peers []netv1.NetworkPolicyPeer) []ends {
	if len(peers) == 0 {
		return []ends{{}}
	}
	var result []ends
	var selected []netip.Prefix
	for _, t := range c.targets {
		if slices.ContainsFunc(peers, func(peer netv1.NetworkPolicyPeer) bool { return c.selects(namespace, peer, t.pod) }) {
			selected = append(selected, netip.PrefixFrom(t.ip, 32))
		}
	}
	if selected != nil {
		result = append(result, ends{peers: selected})
	}
	for _, peer := range peers {
		if peer.IPBlock == nil {
			continue
		}
		if block := prefixes([]string{peer.IPBlock.CIDR}); block != nil {
			result = append(result, ends{block, prefixes(peer.IPBlock.Except)})
		}
	}
	return result
}

func (c *compiler) selects(namespace string, peer netv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	if peer.IPBlock != nil {
		return false
	}
	if peer.NamespaceSelector == nil {
		if pod.Namespace != namespace {
			return false
		}
	} else {
		nsLabels, known := c.namespaces[pod.Namespace]
		if !known || !selector(peer.NamespaceSelector).Matches(nsLabels) {
			return false
		}
	}
	return peer.PodSelector == nil || selector(peer.PodSelector).Matches(labels.Set(pod.Labels))
}

func (c *compiler) ingress(t target, namespace string, rule netv1.NetworkPolicyIngressRule) []Rule {
	var rules []Rule
	matches := portMatches(rule.Ports, func(port netv1.NetworkPolicyPort) []PortRange { return namedPorts(t.pod, port) })
	for _, from := range c.ends(namespace, rule.From) {
		for _, m := range matches {
			rules = append(rules, Rule{from.peers, from.except, m.proto, m.ports})
		}
	}
	return rules
}

func (c *compiler) egress(namespace string, rule netv1.NetworkPolicyEgressRule) []Rule {
	var rules []Rule
	matches := portMatches(rule.Ports, nil)
	for _, to := range c.ends(namespace, rule.To) {
		for _, m := range matches {
			rules = append(rules, Rule{to.peers, to.except, m.proto, m.ports})
		}
		for _, port := range rule.Ports {
			if isNamed(port) {
				rules = append(rules, c.namedEgress(to, port)...)
			}
		}
	}
	return rules
}

// namedEgress: at the far end of egress a name stands for whatever number each destination pod gives it.
func (c *compiler) namedEgress(to ends, port netv1.NetworkPolicyPort) []Rule {
	byPort := map[PortRange][]netip.Prefix{}
	for _, t := range c.targets {
		if !to.contains(t.ip) {
			continue
		}
		for _, number := range namedPorts(t.pod, port) {
			byPort[number] = append(byPort[number], netip.PrefixFrom(t.ip, 32))
		}
	}
	var rules []Rule
	for number, peers := range byPort {
		rules = append(rules, Rule{Peers: peers, Proto: protocolOf(port.Protocol), Ports: []PortRange{number}})
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Ports[0].First, b.Ports[0].First) })
	return rules
}

type portMatch struct {
	proto corev1.Protocol
	ports []PortRange
}

// portMatches groups the ports of one rule by protocol. Named ports are looked up with resolve, or left out without it.
func portMatches(ports []netv1.NetworkPolicyPort, resolve func(netv1.NetworkPolicyPort) []PortRange) []portMatch {
	if len(ports) == 0 {
		return []portMatch{{}}
	}
	var matches []portMatch
	for _, proto := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP} {
		var ranges []PortRange
		all := false
		for _, port := range ports {
			switch {
			case protocolOf(&proto) != protocolOf(port.Protocol):
			case port.Port == nil:
				all = true
			case isNamed(port):
				if resolve != nil {
					ranges = append(ranges, resolve(port)...)
				}
			default:
				first := uint16(port.Port.IntVal)
				last := first
				if port.EndPort != nil {
					last = uint16(*port.EndPort)
				}
				ranges = append(ranges, PortRange{first, last})
			}
		}
		if all {
			matches = append(matches, portMatch{proto, nil})
		} else if ranges != nil {
			matches = append(matches, portMatch{proto, mergeRanges(ranges)})
		}
	}
	return matches
}

func isNamed(port netv1.NetworkPolicyPort) bool {
	return port.Port != nil && port.Port.Type == intstr.String
}

func protocolOf(p *corev1.Protocol) corev1.Protocol {
	if p == nil || *p == "" {
		return corev1.ProtocolTCP
	}
	return *p
}

// namedPorts: init containers count too, as those that restart are sidecars.
func namedPorts(pod *corev1.Pod, port netv1.NetworkPolicyPort) []PortRange {
	var found []PortRange
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, p := range container.Ports {
			if p.Name == port.Port.StrVal && protocolOf(&p.Protocol) == protocolOf(port.Protocol) {
				found = append(found, PortRange{uint16(p.ContainerPort), uint16(p.ContainerPort)})
			}
		}
	}
	return mergeRanges(found)
}

// mergeRanges sorts and joins: nftables refuses a set whose intervals overlap.
func mergeRanges(ranges []PortRange) []PortRange {
	slices.SortFunc(ranges, func(a, b PortRange) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	var merged []PortRange
	for _, r := range ranges {
		if n := len(merged); n > 0 && int(r.First) <= int(merged[n-1].Last)+1 {
			merged[n-1].Last = max(merged[n-1].Last, r.Last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// prefixes keeps the IPv4 ones, sorted, and without those that lie within another.
func prefixes(cidrs []string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, cidr := range cidrs {
		if p, err := netip.ParsePrefix(cidr); err == nil && p.Addr().Is4() {
			parsed = append(parsed, p.Masked())
		}
	}
	slices.SortFunc(parsed, func(a, b netip.Prefix) int {
		return cmp.Or(cmp.Compare(a.Bits(), b.Bits()), a.Addr().Compare(b.Addr()))
	})
	var kept []netip.Prefix
	for _, p := range parsed {
		if !slices.ContainsFunc(kept, func(k netip.Prefix) bool { return k.Contains(p.Addr()) }) {
			kept = append(kept, p)
		}
	}
	return kept
}
