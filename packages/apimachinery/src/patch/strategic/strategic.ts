import {
  assertNesting,
  cloneJson,
  getOwn,
  isObject,
  type JsonObject,
  setOwn,
} from '../../json/json.ts';
import { badRequest } from '../../meta/errors.ts';
import type { Json } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { goText } from '../go-text.ts';
import { jsonTypeName } from '../merge-patch.ts';
import { addedItems, addedPart, isDirected, patchDirective } from './additions.ts';
import { identify, identity, orderElements, unmergeable, without } from './element-order.ts';
import { countElements, MIN_STEPS, Progress, STEPS_EACH } from './merge-budget.ts';

const retainKeysDirective = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const property = schema?.properties && getOwn(schema.properties, key);
  if (property !== undefined) {
    return property;
  }

  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function hasStrategy(schema: Schema | undefined, strategy: string): schema is Schema {
  return schema?.['x-kubernetes-patch-strategy']?.split(',').includes(strategy) ?? false;
}

function retainKeys(target: JsonObject, patch: JsonObject): void {
  const retained = getOwn(patch, retainKeysDirective);
  if (retained === undefined) {
    return;
  }
  if (!Array.isArray(retained)) {
    throw badRequest('invalid patch format of retainKeys');
  }

  const keys = new Set(retained);

  for (const [key, value] of Object.entries(patch)) {
    const isList =
      key.startsWith(deletePrefix) || key.startsWith(orderPrefix) || key === retainKeysDirective;
    if (value !== null && !isList && !keys.has(key)) {
      throw badRequest('invalid patch format of retainKeys');
    }
  }

  for (const key of Object.keys(target)) {
    if (!keys.has(key)) {
      delete target[key];
    }
  }
}

function mergeMaps(
  progress: Progress,
  target: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): JsonObject {
  const directive = getOwn(patch, patchDirective);

  // Unchanged: directives and deletions further down become part of the object, also unknown
  // fields.
  if (directive === 'replace') {
    return without$patch(patch);
  }
  if (directive === 'delete') {
    return {};
  }
  if (directive !== undefined) {
    throw unmergeable(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }

  const merged = progress.own(target);
  retainKeys(merged, patch);

  const done = new Set([retainKeysDirective]);

  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) {
      continue;
    }

    const field = key.slice(orderPrefix.length);
    done.add(key).add(field);
    mergeOrdered(progress, merged, field, getOwn(patch, field), order, fieldSchema(schema, field));
  }

  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(deletePrefix)) {
      continue;
    }

    done.add(key);

    const field = key.slice(deletePrefix.length);
    const list = getOwn(merged, field);

    if (value === null) {
      delete merged[field];
    } else if (Array.isArray(list) && Array.isArray(value)) {
      setOwn(merged, field, without(list, value));
    }
  }

  for (const [key, value] of Object.entries(patch)) {
    if (done.has(key)) {
      continue;
    }

    const before = getOwn(merged, key);

    if (value === null) {
      delete merged[key];
    }
    // A directive about something that does not exist has no effect.
    else if (!isDirected(value) || isObject(before)) {
      setOwn(merged, key, mergeField(progress, before, value, fieldSchema(schema, key)));
    } else {
      delete merged[key];
    }
  }

  return merged;
}

function listOf(value: Json | undefined): Json[] {
  if (value === undefined) {
    return [];
  }
  if (Array.isArray(value)) {
    return value;
  }

  throw unmergeable(
    `expected a slice, but received a ${isObject(value) ? 'map' : jsonTypeName(value)}`,
  );
}

/** Merges a list whose order the patch gives, in place. */
function mergeOrdered(
  progress: Progress,
  merged: JsonObject,
  field: string,
  patch: Json | undefined,
  directive: Json,
  schema: Schema | undefined,
): void {
  const order = listOf(directive);
  const mergeKey = schema?.['x-kubernetes-patch-merge-key'];
  const before = getOwn(merged, field);
  const [server, patched] = [listOf(before), listOf(patch)];

  checkOrder(patched, order, mergeKey);

  if (before === undefined && patch === undefined) {
    return;
  }

  let list = server;

  if (before === undefined) {
    list = addedItems(patched, { keepNulls: true });
  } else if (patch !== undefined) {
    list = hasStrategy(schema, 'merge') ? mergeLists(progress, server, patched, schema) : patched;
  }

  if (server.length + patched.length === 0) {
    throw unmergeable('no elements in any of the given slices');
  }

  setOwn(merged, field, orderElements(list, order, server, mergeKey));
}

function isDirectedAt(items: readonly Json[], index: number): boolean {
  const item = items[index];
  return item !== undefined && isDirected(item);
}

/** Throws when the elements of the patch are not in the order that the patch gives. */
function checkOrder(
  patch: readonly Json[],
  order: readonly Json[],
  mergeKey: string | undefined,
): void {
  if (patch.length === 0 || order.length === 0) {
    return;
  }

  const items = patch.filter(
    (item) => !(isObject(item) && getOwn(item, patchDirective) === 'delete'),
  );
  let next = 0;

  for (const wanted of order) {
    while (isDirectedAt(items, next)) {
      next += 1;
    }

    const item = items[next];
    if (item !== undefined && identity(item, mergeKey) === identity(wanted, mergeKey)) {
      next += 1;
    }
  }

  // Also directives behind the end of the order are out of place, as kube-apiserver has it.
  if (next < items.length) {
    throw unmergeable(
      `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
  }
}

function mergeField(
  progress: Progress,
  before: Json | undefined,
  patch: Json,
  schema: Schema | undefined,
): Json {
  if (isObject(patch) && isObject(before)) {
    return hasStrategy(schema, 'replace') ? patch : mergeMaps(progress, before, patch, schema);
  }
  if (Array.isArray(patch) && Array.isArray(before)) {
    return hasStrategy(schema, 'merge') ? mergeLists(progress, before, patch, schema) : patch;
  }

  return addedPart(patch, { keepNulls: false });
}

function mergeLists(progress: Progress, before: Json[], patch: Json[], schema: Schema): Json[] {
  progress.count(before.length + patch.length);

  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const sample = before[0] ?? patch[0];
  if (sample === undefined) {
    return before;
  }

  for (const item of patch) {
    if (isObject(item) !== isObject(sample)) {
      throw unmergeable('lists can only be merged when all their elements have the same type');
    }
  }

  if (!isObject(sample)) {
    const merged = [
      ...new Map([...before, ...patch].map((item) => [JSON.stringify(item), item])).values(),
    ];
    return orderElements(merged, patch, before, undefined);
  }

  if (mergeKey === undefined) {
    throw unmergeable('cannot merge lists without merge key for this type');
  }

  return mergeMapLists(progress, before as JsonObject[], patch as JsonObject[], schema, mergeKey);
}

function mergeMapLists(
  progress: Progress,
  before: JsonObject[],
  patch: JsonObject[],
  schema: Schema,
  mergeKey: string,
): Json[] {
  const additions: JsonObject[] = [];
  const deleted = new Set<string>();
  let replace = false;

  for (const item of patch) {
    const directive = getOwn(item, patchDirective);
    if (directive === undefined) {
      additions.push(item);
    }
    // The list is replaced by the elements without a directive; other directives are
    // ignored.
    else if (directive === 'replace') {
      replace = true;
    } else if (directive === 'delete') {
      deleted.add(identify(item, mergeKey));
    } else if (directive === 'merge') {
      throw unmergeable('merging lists cannot yet be specified in the patch');
    } else {
      throw unmergeable(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
    }
  }

  if (replace) {
    for (const item of additions) {
      identify(item, mergeKey);
    }
    return additions;
  }

  const kept = before.filter((old) => !deleted.has(identity(old, mergeKey)));
  const merged = [...kept];
  const positions = new Map<string, number>();

  for (const [index, item] of merged.entries()) {
    const id = identify(item, mergeKey);
    if (!positions.has(id)) {
      positions.set(id, index);
    }
  }

  for (const item of additions) {
    const id = identify(item, mergeKey);
    const position = positions.get(id);
    if (position === undefined) {
      positions.set(id, merged.length);
      merged.push(item);
    } else {
      const former = merged[position] as JsonObject;
      merged[position] = mergeMaps(progress, former, item, schema.items);
    }
  }

  return orderElements(merged, additions, kept, mergeKey);
}

function without$patch(item: JsonObject): JsonObject {
  const { [patchDirective]: _, ...rest } = item;
  return rest;
}

/**
 * Applies a strategic merge patch (kubernetes.io "Update API Objects in Place Using kubectl patch")
 * and returns the new object, with the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and
 * `$deleteFromPrimitiveList/…`. The schema says which lists are merged and by which key. Neither
 * argument is changed, parts that stay are shared. Throws a StatusError: 400 for what is no patch,
 * 500 for one that does not fit, 413 for one that needs far more work than its length.
 */
export function applyStrategicMergePatch(doc: JsonObject, patch: Json, schema: Schema): JsonObject {
  if (!isObject(patch)) {
    const what = jsonTypeName(patch);
    throw badRequest(
      `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`,
    );
  }

  assertNesting(patch);

  const steps = MIN_STEPS + STEPS_EACH * (countElements(doc) + countElements(patch));

  return mergeMaps(new Progress(steps), doc, cloneJson(patch), schema);
}
