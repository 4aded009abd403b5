import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import { matchUrl } from '../registry/metadata.ts';
import { contentType, parseBody, requestBody } from './body.ts';
import type { Call } from './call.ts';
import { decodeObject } from './decode.ts';
import { objectResponse } from './respond.ts';
import { writeOptions } from './write-options.ts';

/** `PUT` of one object or of a subresource that has its form. */
export async function update(call: Call): Promise<KubeResponse> {
  const { path, type, api } = call;
  const options = writeOptions(call, 'UpdateOptions');
  const body = parseBody(await requestBody(call.request), contentType(call.request), type.kind);
  const object = decodeObject(type, body, options.fieldValidation, call.warnings);
  matchUrl(type, object, path.namespace, path.name);
  const mayCreate =
    path.subresource === '' && api.store.strategyOf(type).createOnUpdate === true && !object.metadata.resourceVersion;
  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: path.subresource,
    change: () => object,
    create: mayCreate ? () => object : undefined,
    options,
  });
  return objectResponse(call, written.object, written.created ? 201 : 200);
}
