// Builds the real kube-apiserver ahead of the tests, which may take minutes the first time: node test/real/build.mjs
import { etcdPath, kubeApiServerPath } from './real-cluster.mjs';

const paths = { etcd: etcdPath(), 'kube-apiserver': kubeApiServerPath() };
for (const [name, path] of Object.entries(paths)) console.log(`${name}: ${path ?? 'missing'}`);
if (Object.values(paths).includes(undefined)) process.exitCode = 1;
