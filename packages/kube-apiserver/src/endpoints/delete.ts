import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import type { Call } from './call.ts';
import { deleteOptions } from './delete-options.ts';
import { jsonResponse, objectResponse } from './respond.ts';

/** `DELETE` of one object. */
export async function remove(call: Call): Promise<KubeResponse> {
  const { api, type, path, user, now, warnings } = call;
  const options = await deleteOptions(call);
  const write = { ...options, user, now, warnings, manager: '' };
  const written = await api.store.delete(type, path.namespace, path.name, write);
  if (!written.deleted || api.store.strategyOf(type).returnsDeleted) return objectResponse(call, written.object);
  const { name, uid } = written.object.shared<KubeObject>().metadata;
  return jsonResponse({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(type.group && { group: type.group }), kind: type.resource, uid },
  });
}
