import { notFound } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { Call } from '../call.ts';
import { jsonResponse } from '../respond.ts';

const DEPRECATED = 'v1 ComponentStatus is deprecated in v1.19+';

/** The components of the control plane in this process, by Kubernetes' names. */
const COMPONENTS = ['controller-manager', 'etcd-0'];

function component(name: string) {
  return { metadata: { name }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] };
}

/** `GET componentstatuses`: a process that answers is healthy. */
export async function listComponentStatuses({ warnings }: Call): Promise<KubeResponse> {
  warnings.push(DEPRECATED);

  return jsonResponse({
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: {},
    items: COMPONENTS.map(component),
  });
}

/** `GET componentstatuses/x`; throws a StatusError 404. */
export async function getComponentStatus({ path, warnings }: Call): Promise<KubeResponse> {
  warnings.push(DEPRECATED);

  if (!COMPONENTS.includes(path.name)) {
    throw notFound({ resource: 'componentstatus', name: path.name });
  }

  return jsonResponse({ kind: 'ComponentStatus', apiVersion: 'v1', ...component(path.name) });
}
