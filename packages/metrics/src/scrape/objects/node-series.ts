import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PageText } from '../../exposition/page-text.ts';
import { amountOf, flag, resourceLabels } from './renderer.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

/** The role that rules and console know; newer clusters call it otherwise. */
const CONTROL_PLANE = 'control-plane';
const MASTER = 'master';

/** Names that kube-state-metrics 1 has for amounts of some resources. */
const OLD_NAMES = new Map([
  ['cpu', 'cpu_cores'],
  ['memory', 'memory_bytes'],
  ['pods', 'pods'],
]);

/** Returns the roles of a node; one of the control plane is a master too. */
export function rolesOf({ metadata }: KubeObject): readonly string[] {
  const roles = Object.keys(metadata.labels ?? {})
    .filter((label) => label.startsWith(ROLE_LABEL))
    .map((label) => label.slice(ROLE_LABEL.length))
    .filter((role) => role !== '');

  return roles.includes(CONTROL_PLANE) && !roles.includes(MASTER) ? [...roles, MASTER] : roles;
}

/** Returns a node's internal address, '' if it has none. */
export function addressOf({ status }: KubeObject): string {
  const addresses: { type: string; address: string }[] = status?.addresses ?? [];
  return addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

/** Writes the series of a node, amounts with the names of kube-state-metrics 1 and 2. */
export function renderNode(page: PageText, object: KubeObject): void {
  const node = object.metadata.name;
  const { spec = {}, status = {} } = object;
  const info = status.nodeInfo ?? {};

  page.add(
    'kube_node_info',
    {
      node,
      kernel_version: info.kernelVersion,
      os_image: info.osImage,
      container_runtime_version: info.containerRuntimeVersion,
      kubelet_version: info.kubeletVersion,
      kubeproxy_version: info.kubeProxyVersion,
      provider_id: spec.providerID,
      internal_ip: addressOf(object),
    },
    1,
  );

  for (const role of rolesOf(object)) {
    page.add('kube_node_role', { node, role }, 1);
  }

  page.add('kube_node_spec_unschedulable', { node }, flag(spec.unschedulable));

  for (const { type, status: state } of status.conditions ?? []) {
    for (const value of ['true', 'false', 'unknown']) {
      const isSo = String(state).toLowerCase() === value;
      page.add('kube_node_status_condition', { node, condition: type, status: value }, flag(isSo));
    }
  }

  renderAmounts(page, node, { kind: 'capacity', amounts: status.capacity ?? {} });
  renderAmounts(page, node, { kind: 'allocatable', amounts: status.allocatable ?? {} });
}

function renderAmounts(
  page: PageText,
  node: string | undefined,
  { kind, amounts }: { kind: string; amounts: Record<string, unknown> },
): void {
  for (const [name, quantity] of Object.entries(amounts)) {
    const amount = amountOf(quantity);
    if (amount === undefined) {
      continue;
    }

    const oldName = OLD_NAMES.get(name);

    page.add(`kube_node_status_${kind}`, { node, ...resourceLabels(name) }, amount);

    if (oldName) {
      page.add(`kube_node_status_${kind}_${oldName}`, { node }, amount);
    }
  }
}
