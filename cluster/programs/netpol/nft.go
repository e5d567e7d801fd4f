package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"sigs.k8s.io/knftables"
)

const tableName = "sentinel-netpol"

// Write replaces the whole table in one transaction, so no packet ever meets half of a ruleset.
//
// A verdict map leads from the pod's address to its chain. A pod's chain returns what it allows, so that the packet
// still has to pass the gate of the other end, and drops the rest. What the node itself sends (the kubelet's probes)
// leaves through the output hook, which has no chain here. What pods send to the node comes in through the input hook.
func Write(ctx context.Context, nft knftables.Interface, model Model) error {
	tx := nft.NewTransaction()
	tx.Add(&knftables.Table{})
	tx.Delete(&knftables.Table{})
	tx.Add(&knftables.Table{Comment: knftables.PtrTo("NetworkPolicy")})
	for _, direction := range []string{"egress", "ingress"} {
		tx.Add(&knftables.Map{Name: direction, Type: "ipv4_addr : verdict"})
	}
	for _, hook := range []knftables.BaseChainHook{knftables.ForwardHook, knftables.InputHook} {
		chain := string(hook)
		tx.Add(&knftables.Chain{
			Name:     chain,
			Type:     knftables.PtrTo(knftables.FilterType),
			Hook:     knftables.PtrTo(hook),
			Priority: knftables.PtrTo(knftables.FilterPriority),
		})
		tx.Add(&knftables.Rule{Chain: chain, Rule: "ct state established,related accept"})
		tx.Add(&knftables.Rule{Chain: chain, Rule: "ip saddr vmap @egress"})
	}
	tx.Add(&knftables.Rule{Chain: "forward", Rule: "ip daddr vmap @ingress"})
	for _, pod := range model.Pods {
		addGate(tx, pod, "egress", pod.Egress)
		addGate(tx, pod, "ingress", pod.Ingress)
	}
	return nft.Run(ctx, tx)
}

func addGate(tx *knftables.Transaction, pod IsolatedPod, direction string, gate *Gate) {
	if gate == nil {
		return
	}
	chain := direction + "-" + pod.IP.String()
	comment := pod.Name[:min(len(pod.Name), knftables.CommentLengthMax-1)]
	tx.Add(&knftables.Chain{Name: chain, Comment: &comment})
	// A pod may always talk to itself (by way of a Service, say).
	tx.Add(&knftables.Rule{Chain: chain, Rule: farEnd(direction) + " " + pod.IP.String() + " return"})
	for _, rule := range gate.Rules {
		tx.Add(&knftables.Rule{Chain: chain, Rule: strings.TrimSpace(matchOf(direction, rule) + " return")})
	}
	tx.Add(&knftables.Rule{Chain: chain, Rule: "drop"})
	tx.Add(&knftables.Element{Map: direction, Key: []string{pod.IP.String()}, Value: []string{"jump " + chain}})
}

func farEnd(direction string) string {
	if direction == "egress" {
		return "ip daddr"
	}
	return "ip saddr"
}

func matchOf(direction string, rule Rule) string {
	var parts []string
	if rule.Peers != nil {
		parts = append(parts, farEnd(direction), setOf(rule.Peers, prefixText))
	}
	if rule.Except != nil {
		parts = append(parts, farEnd(direction), "!=", setOf(rule.Except, prefixText))
	}
	proto := strings.ToLower(string(rule.Proto))
	switch {
	case rule.Ports != nil:
		parts = append(parts, proto, "dport", setOf(rule.Ports, rangeText))
	case proto != "":
		parts = append(parts, "meta l4proto", proto)
	}
	return strings.Join(parts, " ")
}

func setOf[T any](items []T, text func(T) string) string {
	if len(items) == 1 {
		return text(items[0])
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = text(item)
	}
	return "{ " + strings.Join(texts, ", ") + " }"
}

func prefixText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func rangeText(r PortRange) string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}
