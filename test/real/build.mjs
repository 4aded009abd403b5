// Builds the real kube-apiserver, etcd and kube-controller-manager ahead of the tests, which may take minutes the first time:
// node test/real/build.mjs
import { kubeApiServerPath } from './real-cluster.mjs';

const path = kubeApiServerPath();
console.log(`kube-apiserver, etcd: ${path ?? 'missing'}`);
if (path === undefined) process.exitCode = 1;
