// Builds the real kube-apiserver, etcd, kube-controller-manager, OPA and the tests' kubelet, agent and
// controller ahead of the tests, which may take minutes the first time: node test/real/build.mjs
import { goProgram } from './go-program.mjs';
import { kubeletPath } from './kubelet.mjs';
import { opaPath } from './opa.mjs';
import { kubeApiServerPath } from './real-cluster.mjs';

const paths = {
  'kube-apiserver, etcd': kubeApiServerPath(),
  opa: opaPath(),
  kubelet: kubeletPath(),
  tower: goProgram('tower'),
  controller: goProgram('../controllers/go'),
};

for (const [name, path] of Object.entries(paths)) {
  console.log(`${name}: ${path ?? 'missing'}`);
}

if (Object.values(paths).includes(undefined)) {
  process.exitCode = 1;
}
