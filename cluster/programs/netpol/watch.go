package main

import (
	"context"
	"fmt"
	"log"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/knftables"
)

const (
	// Events this close together lead to one write; those that come during a write to one more.
	coalesce = 2 * time.Millisecond
	retry    = time.Second
)

// Engine keeps the rules of one node. Changed has room for one, and is shared with Assigned.
type Engine struct {
	Client   kubernetes.Interface
	NFT      knftables.Interface
	Changed  chan struct{}
	Assigned *Assigned
}

// notify never blocks: one pending change stands for all of them.
func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// Enforce keeps the rules up to date with the API server until ctx ends. ready is called after the first write.
func (e Engine) Enforce(ctx context.Context, ready func() error) error {
	factory := informers.NewSharedInformerFactoryWithOptions(e.Client, 0, informers.WithTransform(withoutManagedFields))
	pods := factory.Core().V1().Pods()
	namespaces := factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()

	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notify(e.Changed) },
			UpdateFunc: func(any, any) { notify(e.Changed) },
			DeleteFunc: func(any) { notify(e.Changed) },
		}); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("stopped before %v were listed", kind)
		}
	}

	var written *Model
	recompile := func() error {
		start := time.Now()
		allPolicies, err := policies.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		allPods, err := pods.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		allNamespaces, err := namespaces.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		addresses := e.Assigned.Addresses()
		model := Compile(allPolicies, withAddresses(allPods, addresses), allNamespaces)
		if written != nil && reflect.DeepEqual(*written, model) {
			e.Assigned.Enforced(allPods, addresses)
			return nil
		}
		if err := Write(ctx, e.NFT, model); err != nil {
			return err
		}
		written = &model
		e.Assigned.Enforced(allPods, addresses)
		log.Printf("rules written: %d policies, %d pods, %d isolated, %s",
			len(allPolicies), len(allPods), len(model.Pods), time.Since(start).Round(100*time.Microsecond))
		return nil
	}

	for {
		err := recompile()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			log.Printf("rules not written, the old ones stay: %v", err)
			if !sleep(ctx, retry) {
				return nil
			}
			continue
		}
		if ready != nil {
			if err := ready(); err != nil {
				return err
			}
			ready = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.Changed:
		}
		if !sleep(ctx, coalesce) {
			return nil
		}
		// What is in the caches by now is in the next compile; a later event notifies again.
		select {
		case <-e.Changed:
		default:
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func withoutManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}
