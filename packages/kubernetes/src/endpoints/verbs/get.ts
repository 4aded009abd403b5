import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { Call } from '../call.ts';
import { parseRevision, tooLargeRevision } from '../list/list-options.ts';
import { objectResponse } from '../respond.ts';

/** `GET` of one object, also through a subresource that has the object's form. */
export async function get(call: Call): Promise<KubeResponse> {
  const { store } = call.api;
  const wanted = parseRevision(call.query.get('resourceVersion'));
  if (wanted !== undefined && wanted > store.backend.revision) {
    throw tooLargeRevision(wanted, store.backend.revision);
  }

  return objectResponse(call, store.get(call.type, call.path.namespace, call.path.name));
}
