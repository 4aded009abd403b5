import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Route } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import type { AgentOptions } from '../../models/clusters/agent.ts';
import type { Gate } from '../../models/gate/gate.ts';
import { routesOf } from '../route-table.ts';
import { clusterHandlers } from './clusters.ts';
import { ClusterSchema, KubeconfigSchema } from './types.ts';

const BASE = '/kapis/cluster.kubesphere.io/v1alpha1';

/**
 * cluster.kubesphere.io/v1alpha1: what clients need to import a cluster; the objects are written
 * through the Kubernetes API.
 */
export function clusterV1alpha1(
  gate: Gate,
  authorizer: Authorizer,
  client: KubeReader,
  options: AgentOptions,
): Route[] {
  const clusters = clusterHandlers(gate, authorizer, client, options);

  return routesOf(
    BASE,
    ['Multi-cluster'],
    [
      [
        'POST',
        '/clusters/validation',
        'validateCluster',
        'Find out whether a cluster can be imported',
        clusters.validate,
        { body: ClusterSchema },
      ],
      [
        'GET',
        '/clusters/{cluster}/agent/deployment',
        'generateAgentDeployment',
        'The Deployment that connects a cluster to here, as YAML',
        clusters.agent,
        {},
      ],
      [
        'PUT',
        '/clusters/{cluster}/kubeconfig',
        'updateKubeConfig',
        'Give a cluster another kubeconfig',
        clusters.kubeconfig,
        { body: KubeconfigSchema },
      ],
    ],
  );
}
