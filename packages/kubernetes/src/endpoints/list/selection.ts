import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type FieldSelector,
  parseFieldSelector,
} from '@ks-apiserver/apimachinery/selectors/fields';
import {
  type LabelSelector,
  parseLabelSelector,
} from '@ks-apiserver/apimachinery/selectors/labels';
import { valueAt } from '../../registry/resources/strategies/custom-resources.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';

/** The objects of a resource that a list, watch or deletecollection selects. */
export interface Selection {
  /** Without it all objects. */
  matches: ((object: StoredObject) => boolean) | undefined;
  /** The only name that can match, where the selector has one. */
  name?: string;
}

function nameOf(object: StoredObject): string {
  return object.key.slice(object.key.lastIndexOf('/') + 1);
}

function namespaceOf(call: Call, object: StoredObject): string {
  if (!call.type.namespaced) {
    return '';
  }

  const parts = object.key.split('/');
  return parts[parts.length - 2] ?? '';
}

function checkFields({ api, type }: Call, selector: FieldSelector): void {
  const known = api.store.strategyOf(type).fields?.({ metadata: {} });

  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && type.namespaced)) {
      continue;
    }
    if (known && field in known) {
      continue;
    }

    // Kinds with field labels of their own have another message (Kubernetes' field label
    // conversions).
    if (known || type.custom) {
      throw badRequest(`field label not supported: ${field}`);
    }

    const text = `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;

    throw badRequest(text);
  }
}

function fieldOf(call: Call, object: StoredObject, field: string): string {
  if (field === 'metadata.name') {
    return nameOf(object);
  }
  if (field === 'metadata.namespace') {
    return namespaceOf(call, object);
  }

  const indexed = object.index.fields?.[field];
  if (indexed !== undefined) {
    return indexed;
  }

  const value = valueAt(object.shared(), `.${field}`);

  return value === undefined || value === null ? '' : String(value);
}

/** The selection of a call's labelSelector, fieldSelector and name; throws a StatusError 400. */
export function selectionOf(call: Call): Selection {
  const labels: LabelSelector = parseLabelSelector(call.query.get('labelSelector') ?? '');
  const fields: FieldSelector = parseFieldSelector(call.query.get('fieldSelector') ?? '');

  checkFields(call, fields);

  const named =
    call.path.name ||
    fields.requirements.find(({ field, operator }) => field === 'metadata.name' && operator === '=')
      ?.value;

  const tests: ((object: StoredObject) => boolean)[] = [];

  if (call.path.name) {
    tests.push((object) => nameOf(object) === call.path.name);
  }
  if (!fields.empty) {
    tests.push((object) => fields.matches((field) => fieldOf(call, object, field)));
  }
  if (!labels.empty) {
    tests.push((object) => labels.matches(object.index.labels));
  }

  const matches =
    tests.length === 0 ? undefined : (object: StoredObject) => tests.every((test) => test(object));

  return { matches, ...(named !== undefined && { name: named }) };
}
