import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { type AgentOptions, agentDeployment } from '../../models/clusters/agent.ts';
import { Clusters } from '../../models/clusters/clusters.ts';
import type { Gate } from '../../models/gate/gate.ts';

/** Throws Forbidden unless a caller may change a cluster, and with it the token of its agent. */
function requireClusterWrite(authorizer: Authorizer, user: UserInfo, cluster: string): void {
  authorizer.authorize(
    user,
    parseRequestInfo('PUT', `/apis/cluster.kubesphere.io/v1alpha1/clusters/${cluster}`),
  );
}

const DONE = new RouteReply(200, {});

/** Handlers of clusters, one for each operation. */
export function clusterHandlers(
  gate: Gate,
  authorizer: Authorizer,
  client: KubeReader,
  options: AgentOptions,
): Record<'validate' | 'agent' | 'kubeconfig', Handler> {
  const clusters = new Clusters(client);

  return {
    validate: async ({ body }) => {
      await clusters.validate(body as KubeObject);
      return DONE;
    },

    agent: async ({ params, user }) => {
      // The manifest contains the token that identifies the agent.
      requireClusterWrite(authorizer, user, params.cluster ?? '');
      const text = await agentDeployment(client, await clusters.get(params.cluster ?? ''), options);
      return new RouteReply(200, { 'content-type': 'text/plain' }, text);
    },

    kubeconfig: async ({ params, body, user, dryRun }) => {
      const { kubeconfig } = body as { kubeconfig: string };
      await clusters.updateKubeconfig(params.cluster ?? '', kubeconfig, gate.clientFor(user), {
        dryRun,
      });

      return DONE;
    },
  };
}
