import type { JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Json } from '@ks-apiserver/apimachinery/meta/types';
import { applyJsonPatch } from '@ks-apiserver/apimachinery/patch/json-patch';
import { applyMergePatch } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { applyStrategicMergePatch } from '@ks-apiserver/apimachinery/patch/strategic/strategic';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { PATCH_TYPES } from '@ks-apiserver/client/kube/client';
import type { Fields } from '../fields.ts';

/**
 * Applies a patch of one of the three types that are merged here. The served version's schema
 * decides which lists a strategic merge patch merges; lists whose keys differ in the older version
 * are replaced as a whole in both. Throws 400, 413, 422, 500.
 */
export function applyPatch(
  object: Fields,
  patch: Json,
  type: string,
  schema: Schema | undefined,
): Fields {
  const from = object as JsonObject;

  switch (type) {
    case PATCH_TYPES.json:
      return applyJsonPatch(from, patch);
    case PATCH_TYPES.merge:
      return applyMergePatch(from, patch);
    default:
      if (!schema) {
        throw internalError('nothing is known about the kind that the patch is for');
      }

      return applyStrategicMergePatch(from, patch, schema);
  }
}
