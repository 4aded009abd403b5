import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Handler, RouteReply } from '@ks-apiserver/apiserver/routes/route';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { type AgentOptions, agentDeployment } from '../../models/clusters/agent.ts';
import { Clusters } from '../../models/clusters/clusters.ts';
import type { Gate } from '../../models/gate/gate.ts';

const DONE = new RouteReply(200, {});

/** Handlers of clusters, one an operation. */
export function clusterHandlers(
  gate: Gate,
  client: KubeReader,
  options: AgentOptions,
): Record<'validate' | 'agent' | 'kubeconfig', Handler> {
  const clusters = new Clusters(client);
  return {
    validate: async ({ body }) => {
      await clusters.validate(body as KubeObject);
      return DONE;
    },

    agent: async ({ params }) => {
      const text = await agentDeployment(client, await clusters.get(params.cluster ?? ''), options);
      return new RouteReply(200, { 'content-type': 'text/plain' }, text);
    },

    kubeconfig: async ({ params, body, user, dryRun }) => {
      const { kubeconfig } = body as { kubeconfig: string };
      await clusters.updateKubeconfig(params.cluster ?? '', kubeconfig, gate.clientFor(user), dryRun);
      return DONE;
    },
  };
}
