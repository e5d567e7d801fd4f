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

// Enforce keeps the rules up to date with the API server until ctx ends. ready is called after the first write.
func Enforce(ctx context.Context, client kubernetes.Interface, nft knftables.Interface, ready func()) error {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(withoutManagedFields))
	pods := factory.Core().V1().Pods()
	namespaces := factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()

	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notify() },
			UpdateFunc: func(any, any) { notify() },
			DeleteFunc: func(any) { notify() },
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
		model := Compile(allPolicies, allPods, allNamespaces)
		if written != nil && reflect.DeepEqual(*written, model) {
			return nil
		}
		if err := Write(ctx, nft, model); err != nil {
			return err
		}
		written = &model
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
			ready()
			ready = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		if !sleep(ctx, coalesce) {
			return nil
		}
		// What is in the caches by now is in the next compile; a later event notifies again.
		select {
		case <-changed:
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
