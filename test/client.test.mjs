// The client suite against the embedded Kubernetes API.
import { KubeApiServer } from '../packages/kubernetes/dist/server/server.js';
import { MemoryBackend } from '../packages/kubernetes/dist/test/storage/memory.js';
import { clientSuite } from './client-suite.mjs';

clientSuite(async () => {
  const transport = await KubeApiServer.open({ backend: new MemoryBackend() });
  return { transport };
});
