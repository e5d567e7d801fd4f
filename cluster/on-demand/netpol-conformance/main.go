// Command netpol-conformance is the part of Kubernetes' own end-to-end tests that judges the implementation of NetworkPolicy, and no other.
// `netpol-conformance image` prints the name of the image that the pods of the tests run.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"
	"k8s.io/kubernetes/test/utils/image"

	// Freezes the names of features, which the names of tests end with.
	_ "k8s.io/kubernetes/test/e2e/feature"
	_ "k8s.io/kubernetes/test/e2e/network/netpol"

	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
	_ "k8s.io/kubernetes/test/utils/format"
)

// suite is told by Ginkgo whether a test failed.
type suite struct{ failed bool }

func (s *suite) Fail() { s.failed = true }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "image" {
		fmt.Println(image.GetE2EImage(image.Agnhost))
		return
	}
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "netpol-conformance: no arguments are expected: %v\n", flag.Args())
		os.Exit(2)
	}
	framework.AfterReadingAllFlags(&framework.TestContext)
	gomega.RegisterFailHandler(framework.Fail)
	var tests suite
	suiteConfig, reporterConfig := framework.CreateGinkgoConfig()
	ginkgo.RunSpecs(&tests, "NetworkPolicy", suiteConfig, reporterConfig)
	if tests.failed {
		os.Exit(1)
	}
}
