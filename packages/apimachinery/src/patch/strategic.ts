import { badRequest } from '../meta/errors.ts';
import type { Json } from '../meta/types.ts';
import { assertNesting, cloneJson, getOwn, isObject, type JsonObject, setOwn } from '../schema/own.ts';
import type { Schema } from '../schema/schema.ts';
import { identify, identity, orderElements, unmergeable, without } from './element-order.ts';
import { goText } from './go-text.ts';
import { jsonTypeName } from './merge-patch.ts';

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

function isDirective(key: string): boolean {
  return (
    key === patchDirective || key === retainKeysDirective || key.startsWith(orderPrefix) || key.startsWith(deletePrefix)
  );
}

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const property = schema?.properties && getOwn(schema.properties, key);
  if (property !== undefined) return property;
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function hasStrategy(schema: Schema | undefined, strategy: string): boolean {
  return schema?.['x-kubernetes-patch-strategy']?.split(',').includes(strategy) ?? false;
}

/** What of a patch becomes part of the object where there was nothing before: no directives, no nulls. */
function plain(patch: Json): Json {
  if (Array.isArray(patch)) {
    const kept = patch.filter((item) => !(isObject(item) && getOwn(item, patchDirective) === 'delete'));
    return kept.filter((item) => !(isObject(item) && isBareReplace(item))).map(plain);
  }
  if (!isObject(patch)) return patch;
  const out: JsonObject = {};
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null) setOwn(out, key, plain(patch[key]!));
  }
  return out;
}

function isBareReplace(item: JsonObject): boolean {
  return getOwn(item, patchDirective) === 'replace' && Object.keys(item).length === 1;
}

function listOf(value: Json | undefined, directive: string): Json[] {
  if (Array.isArray(value)) return value;
  throw badRequest(`invalid patch format of ${directive}: it must hold a list`);
}

function retainKeys(target: JsonObject, patch: JsonObject): void {
  const retained = getOwn(patch, retainKeysDirective);
  if (retained === undefined) return;
  const keys = listOf(retained, retainKeysDirective);
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null && !keys.includes(key)) {
      throw badRequest(`invalid patch format of ${retainKeysDirective}: field "${key}" is not in the list`);
    }
  }
  for (const key of Object.keys(target)) if (!keys.includes(key)) delete target[key];
}

function mergeMaps(target: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = getOwn(patch, patchDirective);
  if (directive === 'replace') return plain(patch) as JsonObject;
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw unmergeable(`unknown patch type: ${directive} in map: ${goText(patch)}`);
  }
  const merged: JsonObject = {};
  for (const key of Object.keys(target)) setOwn(merged, key, target[key]!);
  retainKeys(merged, patch);
  const orders = new Map<string, Json[]>();
  for (const key of Object.keys(patch)) {
    if (key.startsWith(orderPrefix)) orders.set(key.slice(orderPrefix.length), listOf(patch[key], orderPrefix));
    else if (key.startsWith(deletePrefix)) {
      const field = key.slice(deletePrefix.length);
      const list = getOwn(merged, field);
      if (Array.isArray(list)) setOwn(merged, field, without(list, listOf(patch[key], deletePrefix)));
    }
  }
  for (const key of Object.keys(patch)) {
    if (isDirective(key)) continue;
    const value = patch[key]!;
    // A directive about what is not there has nothing to direct.
    if (isObject(value) && Object.hasOwn(value, patchDirective) && !isObject(getOwn(merged, key))) continue;
    if (value === null) delete merged[key];
    else setOwn(merged, key, mergeField(getOwn(merged, key), value, fieldSchema(schema, key)));
  }
  for (const [field, order] of orders) {
    const list = getOwn(merged, field);
    if (!Array.isArray(list)) continue;
    const mergeKey = fieldSchema(schema, field)?.['x-kubernetes-patch-merge-key'];
    const before = getOwn(target, field);
    checkOrder(field, getOwn(patch, field), order, mergeKey);
    setOwn(merged, field, orderElements(list, order, Array.isArray(before) ? before : [], mergeKey));
  }
  return merged;
}

function checkOrder(
  field: string,
  patch: Json | undefined,
  order: readonly Json[],
  mergeKey: string | undefined,
): void {
  if (!Array.isArray(patch)) return;
  const items = patch.filter((item) => !(isObject(item) && Object.hasOwn(item, patchDirective)));
  const positions = items.map((item) =>
    order.findIndex((wanted) => identity(wanted, mergeKey) === identity(item, mergeKey)),
  );
  if (positions.some((position, i) => position < 0 || (i > 0 && position < positions[i - 1]!))) {
    throw unmergeable(
      `The order in patch list:\n${JSON.stringify(items)}\n doesn't match ${orderPrefix}${field} list:\n${JSON.stringify(order)}\n`,
    );
  }
}

function mergeField(before: Json | undefined, patch: Json, schema: Schema | undefined): Json {
  if (isObject(patch)) {
    if (!isObject(before)) return plain(patch);
    return hasStrategy(schema, 'replace') ? plain(patch) : mergeMaps(before, patch, schema);
  }
  if (Array.isArray(patch)) {
    if (!Array.isArray(before) || !hasStrategy(schema, 'merge')) return plain(patch);
    return mergeLists(before, patch, schema!);
  }
  return patch;
}

function mergeLists(before: Json[], patch: Json[], schema: Schema): Json[] {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const sample = before[0] ?? patch[0];
  if (sample === undefined) return before;
  for (const item of patch) {
    if (isObject(item) !== isObject(sample)) {
      throw unmergeable('lists can only be merged when all their elements have the same type');
    }
  }
  if (!isObject(sample)) {
    const merged = [...new Map([...before, ...patch].map((item) => [JSON.stringify(item), item])).values()];
    return orderElements(merged, patch, before, undefined);
  }
  if (mergeKey === undefined) throw unmergeable('cannot merge lists without merge key for this type');
  return mergeMapLists(before as JsonObject[], patch as JsonObject[], schema, mergeKey);
}

function mergeMapLists(before: JsonObject[], patch: JsonObject[], schema: Schema, mergeKey: string): Json[] {
  const additions: JsonObject[] = [];
  let kept = before;
  let replace = false;
  for (const item of patch) {
    const directive = getOwn(item, patchDirective);
    if (directive === undefined || directive === 'merge') {
      additions.push(directive === undefined ? item : without$patch(item));
    } else if (directive === 'replace') {
      replace = true;
      if (Object.keys(item).length > 1) additions.push(without$patch(item));
    } else if (directive === 'delete') {
      if (!Object.hasOwn(item, mergeKey)) throw unmergeable('delete patch type with no merge key defined');
      kept = kept.filter((old) => identity(old, mergeKey) !== identity(item, mergeKey));
    } else {
      throw unmergeable(`unknown patch type: ${directive} in map: ${goText(item)}`);
    }
  }
  if (replace) return additions.map(plain);
  const merged = [...kept];
  const positions = new Map(merged.map((item, index) => [identify(item, mergeKey), index]));
  for (const item of additions) {
    const id = identify(item, mergeKey);
    const position = positions.get(id);
    if (position === undefined) {
      positions.set(id, merged.length);
      merged.push(plain(item) as JsonObject);
    } else {
      merged[position] = mergeMaps(merged[position]!, item, schema.items);
    }
  }
  return orderElements(merged, additions, before, mergeKey);
}

function without$patch(item: JsonObject): JsonObject {
  const { [patchDirective]: _, ...rest } = item;
  return rest;
}

/**
 * An object after a strategic merge patch (kubernetes.io "Update API Objects in Place Using kubectl patch"), with the
 * directives `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`. The schema tells which lists
 * are merged and by what key. Neither argument is changed, parts that stay are shared. Throws a StatusError 400.
 */
export function applyStrategicMergePatch(doc: JsonObject, patch: Json, schema: Schema): JsonObject {
  if (!isObject(patch)) {
    const what = jsonTypeName(patch);
    throw badRequest(`json: cannot unmarshal ${what} into Go value of type map[string]interface {}`);
  }
  assertNesting(patch);
  return mergeMaps(doc, cloneJson(patch), schema);
}
