import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyJsonPatch, parsePointer } from '@ks-apiserver/apimachinery/patch/json-patch';
import { type SecretFields, secretPathsOf, withoutSecrets } from '../redaction/redaction.ts';

/**
 * Turns operations that replace a hidden field into ones that add it: the patch is applied to an
 * object without the field.
 */
function addHiddenFields(patch: Json, stored: KubeObject, fields: SecretFields): Json {
  const hidden = new Set(secretPathsOf(stored, fields).map((path) => JSON.stringify(path)));

  const addIfHidden = (operation: Json): Json =>
    isObject(operation) &&
    operation.op === 'replace' &&
    hidden.has(JSON.stringify(parsePointer(operation.path)))
      ? { ...operation, op: 'add' }
      : operation;

  return Array.isArray(patch) ? patch.map(addIfHidden) : patch;
}

/**
 * Applies a JSON patch to an object as its caller sees it: applied to the whole object, the patch
 * could copy or test what is hidden from them. Throws 400, 422.
 */
export function patchVisibleObject(
  body: Buffer,
  stored: KubeObject,
  hidden: SecretFields,
): KubeObject {
  let patch: Json;

  try {
    patch = JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`error decoding patch: ${messageOf(error)}`);
  }

  const visible: KubeObject = withoutSecrets(stored, hidden);
  const patched: { metadata?: unknown } = applyJsonPatch(
    { ...visible },
    addHiddenFields(patch, stored, hidden),
  );

  return patched as KubeObject;
}
