// Command kubectl, as Kubernetes releases it: beside the other programs of the cluster in one binary it would start three times as
// slowly, and tests and sandboxes start it hundreds of times.
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
