import type { PageText } from '../../exposition/page-text.ts';
import type { NodeFacts } from './cluster-state.ts';

/** The metric by which the rules find the node of what `node-exporter` tells. */
const INFO = 'node_exporter_pod_info';

/**
 * Returns the labels of a node's exporter. There is no pod: the name cannot be one, and it is in no
 * namespace.
 */
export function exporterLabels(node: string): Record<string, string> {
  return { job: 'node-exporter', instance: node, pod: `/${node}` };
}

/** Tells where the exporter of a node is, as kube_pod_info does it for pods. */
export function renderExporter(
  page: PageText,
  { name, address }: Pick<NodeFacts, 'name' | 'address'>,
): void {
  page.add(INFO, { pod: `/${name}`, node: name, host_ip: address }, 1);
}
