import type { Route } from '@ks-apiserver/http/routes/route';
import { routesOf } from '../route-table.ts';
import { type TopologyDependencies, topologyHandlers } from './topology.ts';
import { NodeSchema, TopologySchema } from './types.ts';

/** Returns the operations of `network.kubesphere.io/v1alpha2`. */
export function networkV1alpha2(dependencies: TopologyDependencies): Route[] {
  const { nodes, node } = topologyHandlers(dependencies);

  return routesOf(
    '/kapis/network.kubesphere.io/v1alpha2',
    ['Network Topology'],
    [
      [
        'GET',
        '/namespaces/{namespace}/topology',
        'getNamespaceTopology',
        'Services of a namespace and what runs behind them',
        nodes,
        { returns: TopologySchema },
      ],
      [
        'GET',
        '/namespaces/{namespace}/topology/{node_id}',
        'getNamespaceNodeTopology',
        'One node of the topology of a namespace',
        node,
        { returns: NodeSchema },
      ],
    ],
  );
}
