import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { matchUrl } from '../../registry/resources/metadata.ts';
import { yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';
import type { Call } from '../call.ts';
import { contentType, isLarge, readText, requestBody } from '../codec/body.ts';
import { decodeObject } from '../codec/decode.ts';
import { objectResponse } from '../respond.ts';
import { writeOptions } from './write-options.ts';

/** `POST` to a collection. */
export async function create(call: Call): Promise<KubeResponse> {
  const options = writeOptions(call, 'CreateOptions');
  const body = await requestBody(call.request);
  const text = readText(body, contentType(call.request), call.type.kind);

  options.isLarge = isLarge(body);
  if (options.isLarge) {
    await yieldBetweenLargeSteps();
  }

  const object = decodeObject(call.type, text.value, options.fieldValidation, call.warnings, text);
  matchUrl(call.type, object, call.path.namespace);

  const { object: created } = await call.api.store.create(call.type, object, options);

  return objectResponse(call, created, 201);
}
