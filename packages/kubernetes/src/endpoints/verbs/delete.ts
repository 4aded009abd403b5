import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { withResourceVersion } from '../../registry/store/encode.ts';
import { encodeRecord, type StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';
import { jsonResponse, objectResponse } from '../respond.ts';
import { deleteOptions } from './delete-options.ts';

/** A deleted object has the resourceVersion of its deletion. */
function atRevision({ key, bytes, index, revision }: StoredObject, gone: number): StoredObject {
  return encodeRecord(key, gone, { bytes: withResourceVersion(bytes, revision, gone), index });
}

/** `DELETE` of one object. */
export async function remove(call: Call): Promise<KubeResponse> {
  const { api, type, path, user, now, warnings } = call;
  const options = await deleteOptions(call);
  const write = { ...options, user, now, warnings, manager: '' };
  const written = await api.store.delete(type, path.namespace, path.name, write);
  if (!written.deleted || api.store.strategyOf(type).returnsDeleted) {
    return objectResponse(
      call,
      written.revision ? atRevision(written.object, written.revision) : written.object,
    );
  }

  const { name, uid } = written.object.shared<KubeObject>().metadata;

  return jsonResponse({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(type.group && { group: type.group }), kind: type.resource, uid },
  });
}
