import {
  assertNesting,
  cloneJson,
  getOwn,
  isObject,
  type JsonObject,
  setOwn,
} from '../json/json.ts';
import { badRequest } from '../meta/errors.ts';
import type { Json, KubeObject } from '../meta/types.ts';

/** Returns the name of a JSON value's type in the messages of Kubernetes' decoder. */
export function jsonTypeName(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }

  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function merge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return cloneJson(patch);
  }

  const merged: JsonObject = {};

  if (isObject(target)) {
    for (const [key, value] of Object.entries(target)) {
      setOwn(merged, key, value);
    }
  }

  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else {
      setOwn(merged, key, merge(getOwn(merged, key), value));
    }
  }

  return merged;
}

/**
 * Applies a JSON merge patch (RFC 7386) and returns the new object; neither argument is changed,
 * parts that stay are shared. Throws a StatusError 400 when the patch is no object.
 */
export function applyMergePatch(doc: JsonObject, patch: Json): JsonObject {
  if (patch === null) {
    throw badRequest('Invalid JSON Patch');
  }

  if (!isObject(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonTypeName(patch)} into Go value of type map[string]interface {}`,
    );
  }

  assertNesting(patch);

  return merge(doc, patch) as JsonObject;
}

/**
 * Applies a JSON merge patch that a client sent to a Kubernetes object. Throws a StatusError 400 if
 * the patch is no object. The patch may remove anything, metadata included: check what is needed.
 */
export function patchObject<T extends KubeObject>(object: T, patch: unknown): T {
  return applyMergePatch(object as JsonObject, patch as Json) as JsonObject & T;
}
