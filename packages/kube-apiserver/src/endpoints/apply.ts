import { badRequest, invalid } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyServerSide } from '@ks-apiserver/apimachinery/patch/apply';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import { schemaOf } from '../registry/kind-rules.ts';
import { matchUrl } from '../registry/metadata.ts';
import { parseBody, requestBody } from './body.ts';
import type { Call } from './call.ts';
import { decodeObject } from './decode.ts';
import { isTrue } from './query.ts';
import { objectResponse } from './respond.ts';
import { writeOptions } from './write-options.ts';

/** `PATCH` with `application/apply-patch+yaml`: creates or merges by field ownership (Kubernetes "Server-Side Apply"). */
export async function applyPatch(call: Call): Promise<KubeResponse> {
  const { path, type, api, query, now } = call;
  const options = writeOptions(call, 'PatchOptions');
  const manager = query.get('fieldManager') ?? '';
  if (manager === '') {
    const message = 'Required value: is required for apply patch';
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions', name: '' }, [
      { reason: 'FieldValueRequired', message, field: 'fieldManager' },
    ]);
  }
  const body = parseBody(await requestBody(call.request), 'application/yaml', type.kind);
  const applied = decodeObject(type, body, options.fieldValidation, call.warnings);
  matchUrl(type, applied, path.namespace, path.name);
  const schema = schemaOf(type);
  if (!schema) throw badRequest(`server-side apply is not possible for ${type.kind}: it has no schema`);
  const apply = (live: KubeObject | undefined): KubeObject =>
    applyServerSide({
      live,
      applied,
      manager,
      force: isTrue(query, 'force'),
      schema,
      apiVersion: apiVersionOf(type),
      now,
      ...(path.subresource !== '' && { subresource: path.subresource }),
    });
  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: path.subresource,
    change: apply,
    create: path.subresource === '' ? () => apply(undefined) : undefined,
    tracksFields: true,
    options,
  });
  return objectResponse(call, written.object, written.created ? 201 : 200);
}
