// Netpol enforces NetworkPolicy v1 (IPv4) for the pods of a single-node cluster, in the network namespace it runs in.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/knftables"
)

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	log.SetPrefix("netpol: ")
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of the cluster")
	flag.Parse()
	if err := run(*kubeconfig); err != nil {
		log.Fatal(err)
	}
}

// run leaves the rules in place when it is stopped: pods that were isolated stay so.
func run(kubeconfig string) error {
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
	return Enforce(ctx, client, nft, func() { log.Print("ready") })
}
