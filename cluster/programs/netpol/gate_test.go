package main

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func podWith(uid, ip string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}, Status: corev1.PodStatus{PodIP: ip}}
}

func TestThePluginReturnsOnlyWhenThePodsRulesAreWritten(t *testing.T) {
	changed := make(chan struct{}, 1)
	assigned := NewAssigned(func() { notify(changed) })
	socket := filepath.Join(t.TempDir(), "gate.sock")
	if err := ServeGate(t.Context(), socket, assigned); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CNI_COMMAND": "ADD", "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=p;K8S_POD_UID=u1"}
	result := `{"cniVersion":"1.0.0","ips":[{"address":"fd00::7/64"},{"address":"10.244.0.7/32"}]}`
	var out strings.Builder
	done := make(chan error, 1)
	go func() {
		config := `{"cniVersion":"1.0.0","socket":"` + socket + `","prevResult":` + result + `}`
		done <- runPlugin(func(name string) string { return env[name] }, strings.NewReader(config), &out)
	}()
	<-changed
	addresses := assigned.Addresses()
	if addresses["u1"] != netip.MustParseAddr("10.244.0.7") {
		t.Fatalf("assigned: %v", addresses)
	}
	// Rules of before the pod was known, or of before it had this address, don't count.
	assigned.Enforced(nil, addresses)
	assigned.Enforced([]*corev1.Pod{podWith("u1", "")}, nil)
	select {
	case err := <-done:
		t.Fatalf("returned too early: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	assigned.Enforced([]*corev1.Pod{podWith("u1", "")}, addresses)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if out.String() != result {
		t.Errorf("the plugin printed %s", out.String())
	}
}

func TestAPodThatGetsNoRulesFailsToStart(t *testing.T) {
	assigned := NewAssigned(func() {})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := assigned.Assign(ctx, "u1", netip.MustParseAddr("10.244.0.7")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if left := assigned.Addresses(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAPodThatEndedIsForgotten(t *testing.T) {
	assigned := NewAssigned(func() {})
	ip := netip.MustParseAddr("10.244.0.7")
	assigned.byPod["u1"], assigned.byPod["u2"] = ip, ip
	assigned.Enforced([]*corev1.Pod{podWith("u2", "")}, assigned.Addresses())
	if left := assigned.Addresses(); len(left) != 1 || left["u2"] != ip {
		t.Errorf("left: %v", left)
	}
}

func TestAnAssignedAddressIsNewerThanTheStatus(t *testing.T) {
	old, other := podWith("u1", "10.244.0.6"), podWith("u2", "10.244.0.5")
	got := withAddresses([]*corev1.Pod{old, other}, map[types.UID]netip.Addr{"u1": netip.MustParseAddr("10.244.0.7")})
	if got[0].Status.PodIP != "10.244.0.7" || got[1] != other || old.Status.PodIP != "10.244.0.6" {
		t.Errorf("got %s %s, and the cache holds %s", got[0].Status.PodIP, got[1].Status.PodIP, old.Status.PodIP)
	}
}

func TestThePluginRefusesWhatItCannotIsolate(t *testing.T) {
	for name, c := range map[string]struct{ args, result string }{
		"a pod without an id":      {"K8S_POD_NAME=p", `{"ips":[{"address":"10.244.0.7/32"}]}`},
		"a pod without an address": {"K8S_POD_UID=u", `{"ips":[]}`},
		"no result before it":      {"K8S_POD_UID=u", ``},
	} {
		if _, err := requestFrom(c.args, []byte(c.result)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
