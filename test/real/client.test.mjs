// The client suite against a real kube-apiserver.
import { loadKubeconfig } from '../../packages/client/dist/kube/kubeconfig.js';
import { RemoteTransport } from '../../packages/client/dist/kube/remote.js';
import { clientSuite } from '../client-suite.mjs';
import { startRealCluster } from './real-cluster.mjs';

clientSuite(async () => {
  const cluster = await startRealCluster();
  return {
    transport: new RemoteTransport(await loadKubeconfig(cluster.kubeconfig)),
    close: cluster.stop,
  };
});
