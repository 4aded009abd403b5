import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { matchUrl } from '../../registry/resources/metadata.ts';
import { yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';
import type { Call } from '../call.ts';
import { contentType, isLarge, readText, requestBody } from '../codec/body.ts';
import { decodeObject } from '../codec/decode.ts';
import { objectResponse } from '../respond.ts';
import { writeOptions } from './write-options.ts';

/** `PUT` of one object or of a subresource that has its form. */
export async function update(call: Call): Promise<KubeResponse> {
  const { path, type, api } = call;
  const options = writeOptions(call, 'UpdateOptions');
  const body = await requestBody(call.request);
  const text = readText(body, contentType(call.request), type.kind);

  options.isLarge = isLarge(body);
  if (options.isLarge) {
    await yieldBetweenLargeSteps();
  }

  const object = decodeObject(type, text.value, options.fieldValidation, call.warnings, text);
  if (!object.metadata.name) {
    throw badRequest(
      `the name of the object (${path.name} based on URL) was undeterminable: name must be provided`,
    );
  }

  matchUrl(type, object, path.namespace, path.name);

  const mayCreate = path.subresource === '' && api.store.strategyOf(type).createOnUpdate === true;

  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: path.subresource,
    change: () => object,
    create: mayCreate ? () => object : undefined,
    options,
  });

  return objectResponse(call, written.object, written.created ? 201 : 200);
}
