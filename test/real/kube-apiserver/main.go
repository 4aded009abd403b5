// Command kube-apiserver is the one of k8s.io/kubernetes; with controller-manager as its first argument it is the
// kube-controller-manager, with etcd it is etcd. It is built here only so that tests have real ones to run against.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "controller-manager" {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	}
	if len(os.Args) > 1 && os.Args[1] == "etcd" {
		etcdmain.Main(os.Args[1:])
		return
	}
	os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
}
