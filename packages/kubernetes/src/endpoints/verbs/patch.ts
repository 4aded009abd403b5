import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  badRequest,
  invalid,
  StatusError,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { goText } from '@ks-apiserver/apimachinery/patch/go-text';
import { applyJsonPatch } from '@ks-apiserver/apimachinery/patch/json-patch';
import { applyMergePatch } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { applyStrategicMergePatch } from '@ks-apiserver/apimachinery/patch/strategic/strategic';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { forbiddenField, invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import { schemaOf } from '../../registry/resources/kind-rules.ts';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import { yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';
import type { Call } from '../call.ts';
import { contentType, isLarge, requestBody } from '../codec/body.ts';
import { decodeObject, type FieldValidation } from '../codec/decode.ts';
import { parseJson } from '../codec/json-text.ts';
import { objectResponse } from '../respond.ts';
import { applyPatch } from './apply.ts';
import { writeOptions } from './write-options.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

/** Media type of server-side apply. */
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** A patched object, and the text of a refusal. */
interface PatchedObject {
  of: KubeObject;
  printed: () => string;
}

/** A parsed patch, which patches an object. */
export type Patch = (type: ResourceType, old: KubeObject) => PatchedObject;

/** Media types of the patches that a resource supports. */
export function patchTypes(type: ResourceType): string[] {
  return [JSON_PATCH, MERGE_PATCH, ...(type.custom ? [] : [STRATEGIC_PATCH]), APPLY_PATCH];
}

/** Parses the patch in a body; throws StatusErrors 400 and 415. */
export function readPatch(mediaType: string, body: Buffer, type: ResourceType): Patch {
  if (!patchTypes(type).includes(mediaType)) {
    if (type.custom) {
      throw unsupportedMediaType(patchTypes(type));
    }

    // For built-in kinds kube-apiserver refuses a media type in its routes, with another message.
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  }

  let patch: Json;

  try {
    patch = parseJson(body).value as Json;
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }

    const message = messageOf(error);
    throw badRequest(mediaType === STRATEGIC_PATCH ? message : `error decoding patch: ${message}`);
  }

  const whole = (of: unknown): PatchedObject => ({
    of: of as KubeObject,
    printed: () => JSON.stringify(of),
  });

  if (mediaType === JSON_PATCH) {
    return (_type, old) => whole(applyJsonPatch(old as never, patch));
  }

  const schema = mediaType === STRATEGIC_PATCH ? schemaOf(type) : undefined;
  if (!schema) {
    return (_type, old) => whole(applyMergePatch(old as never, patch));
  }

  return (_type, old) => ({
    of: applyStrategicMergePatch(old as never, patch, schema) as never,
    printed: () => goText(patch),
  });
}

/**
 * Decodes a patched object; where it is no object of the kind, the patch is invalid: throws a
 * StatusError 422.
 */
function decodePatched(
  type: ResourceType,
  { printed, of }: PatchedObject,
  validation: FieldValidation,
  warnings: string[],
): KubeObject {
  try {
    return decodeObject(type, of, validation, warnings);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) {
      throw error;
    }
    if (type.custom && validation !== 'Strict') {
      throw error;
    }

    const why = error.message.replace(/^\S* in version "[^"]*" cannot be handled as a \w+: /, '');
    const cause = invalidValue('patch', printed(), why);

    throw new StatusError(422, 'Invalid', ` "" is invalid: patch: ${cause.message}`, {
      causes: [cause],
    });
  }
}

/**
 * Checks that a patched object is still the one of the URL; a patch without a resourceVersion
 * applies to whatever is current. Throws a StatusError 400.
 */
function completePatched(object: KubeObject, name: string, resourceVersion?: string): KubeObject {
  const { metadata } = object;

  if (metadata.resourceVersion === undefined && resourceVersion) {
    metadata.resourceVersion = resourceVersion;
  }

  if (!metadata.name) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }

  if (metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }

  return object;
}

/**
 * `PATCH` of one object or of a subresource that has its form (Kubernetes "API Concepts", "Updates
 * to existing resources").
 */
export async function patch(call: Call): Promise<KubeResponse> {
  const { path, type, api } = call;
  const mediaType = contentType(call.request);
  if (mediaType === APPLY_PATCH) {
    return applyPatch(call);
  }

  const options = writeOptions(call, 'PatchOptions');

  if (call.query.get('force')) {
    const cause = forbiddenField('force', 'may not be specified for non-apply patch');
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, [cause]);
  }

  const body = await requestBody(call.request);
  const apply = readPatch(mediaType, body, type);

  // A patch may produce anything: its result is decoded like a body.
  const decode = (patched: PatchedObject) =>
    decodePatched(type, patched, options.fieldValidation, call.warnings);

  options.isLarge = isLarge(body);
  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: path.subresource,
    patch: true,
    change(old) {
      const { name = '', resourceVersion } = old.metadata;
      return completePatched(decode(apply(type, old)), name, resourceVersion);
    },
    inTurns: {
      async change(old) {
        const { name = '', resourceVersion } = old.metadata;
        const patched = apply(type, old);

        await yieldBetweenLargeSteps();

        return completePatched(decode(patched), name, resourceVersion);
      },
    },
    options,
  });

  return objectResponse(call, written.object, written.created ? 201 : 200);
}
