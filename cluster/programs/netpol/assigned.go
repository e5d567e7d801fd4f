package main

import (
	"context"
	"maps"
	"net/netip"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Assigned knows the addresses that pods were given before the API server has heard of them. A pod starts to run that
// early, and so must its isolation.
type Assigned struct {
	mu      sync.Mutex
	byPod   map[types.UID]netip.Addr
	waiters map[types.UID][]waiter
	changed func()
}

type waiter struct {
	ip   netip.Addr
	done chan struct{}
}

// NewAssigned calls changed when the rules have to be compiled anew.
func NewAssigned(changed func()) *Assigned {
	return &Assigned{byPod: map[types.UID]netip.Addr{}, waiters: map[types.UID][]waiter{}, changed: changed}
}

// Assign returns when the rules for the pod with this address are in the kernel, or with the context's error.
func (a *Assigned) Assign(ctx context.Context, pod types.UID, ip netip.Addr) error {
	done := make(chan struct{})
	a.mu.Lock()
	a.byPod[pod] = ip
	a.waiters[pod] = append(a.waiters[pod], waiter{ip, done})
	a.mu.Unlock()
	a.changed()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.waiters, pod)
		if a.byPod[pod] == ip {
			delete(a.byPod, pod)
		}
		return ctx.Err()
	}
}

// Addresses is a copy of what is assigned now.
func (a *Assigned) Addresses() map[types.UID]netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.byPod)
}

// Enforced tells that rules compiled from these pods and addresses are in the kernel. Pods that are gone are forgotten;
// a pod that somebody still waits for is not gone, but not known yet.
func (a *Assigned) Enforced(pods []*corev1.Pod, addresses map[types.UID]netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := map[types.UID]bool{}
	for _, pod := range pods {
		known[pod.UID] = true
		waiting := a.waiters[pod.UID]
		delete(a.waiters, pod.UID)
		for _, w := range waiting {
			if addresses[pod.UID] == w.ip {
				close(w.done)
			} else {
				a.waiters[pod.UID] = append(a.waiters[pod.UID], w)
			}
		}
	}
	for pod := range a.byPod {
		if !known[pod] && len(a.waiters[pod]) == 0 {
			delete(a.byPod, pod)
		}
	}
}

// withAddresses gives pods the addresses they were assigned, which are newer than those in their status.
func withAddresses(pods []*corev1.Pod, addresses map[types.UID]netip.Addr) []*corev1.Pod {
	result := make([]*corev1.Pod, len(pods))
	for i, pod := range pods {
		result[i] = pod
		if ip, ok := addresses[pod.UID]; ok && pod.Status.PodIP != ip.String() {
			changed := *pod
			changed.Status.PodIP, changed.Status.PodIPs = ip.String(), nil
			result[i] = &changed
		}
	}
	return result
}
