// Netpol enforces NetworkPolicy v1 (IPv4) for the pods of a single-node cluster, in the network namespace it runs in.
//
// Called as a CNI plugin, the same program holds up a pod's start until that pod's rules are in the kernel.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/knftables"
)

func main() {
	if os.Getenv("CNI_COMMAND") != "" {
		if err := runPlugin(os.Getenv, os.Stdin, os.Stdout); err != nil {
			fmt.Println(failure(err))
			os.Exit(1)
		}
		return
	}
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	log.SetPrefix("netpol: ")
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of the cluster")
	socket := flag.String("socket", "netpol.sock", "where the CNI plugin asks")
	flag.Parse()
	if err := run(*kubeconfig, *socket); err != nil {
		log.Fatal(err)
	}
}

// run leaves the rules in place when it is stopped: pods that were isolated stay so.
func run(kubeconfig, socket string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "sentinel-netpol"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	nft, err := knftables.New(knftables.InetFamily, tableName)
	if err != nil {
		return err
	}
	changed := make(chan struct{}, 1)
	engine := Engine{Client: client, NFT: nft, Changed: changed, Assigned: NewAssigned(func() { notify(changed) })}
	return engine.Enforce(ctx, func() error {
		log.Print("ready")
		return ServeGate(ctx, socket, engine.Assigned)
	})
}
