import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { isScalar, type Schema } from '@ks-apiserver/apimachinery/schema/schema';

/** Types for which the schemas say whether a field is a pointer in Go. */
const known = /^io\.k8s\./;

interface Plan {
  /** Fields that are always dropped. */
  dropped: readonly string[];
  /** Fields that lose an explicit zero. */
  lost: readonly string[];
  /** Fields that Kubernetes writes even if they have no value, with their zeros. */
  written: readonly (readonly [string, string | number | boolean | null])[];
}

const plans = new WeakMap<Schema, Plan>();

function isCollection(schema: Schema): boolean {
  return (
    schema.type === 'array' ||
    (schema.type === 'object' && typeof schema.additionalProperties === 'object')
  );
}

const isTime = (schema: Schema) => schema.format === 'date-time';

function zeroOf(schema: Schema): string | number | boolean | null | undefined {
  if (isCollection(schema) || isTime(schema)) {
    return null;
  }
  if (schema.format === 'quantity') {
    return '0';
  }
  if (schema['x-kubernetes-int-or-string']) {
    return 0;
  }

  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? null : '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    default:
      return undefined;
  }
}

function planOf(schema: Schema): Plan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    const dropped: string[] = [];
    const lost: string[] = [];
    const written: [string, string | number | boolean | null][] = [];

    const isKnown = known.test(schema['x-definition'] ?? '');
    const fields = Object.entries((isKnown && schema.properties) || {});

    for (const [name, field] of fields) {
      if (field['x-dropped']) {
        dropped.push(name);
      }

      const zero = zeroOf(field);
      if (zero === undefined) {
        continue;
      }

      if (field['x-pointer']) {
        if (field['x-zero'] === 'always') {
          written.push([name, null]);
        }
        continue;
      }

      const isRequired = schema.required?.includes(name) === true;
      const isWritten = field['x-zero'] === undefined ? isRequired : field['x-zero'] === 'always';

      // An empty list of managers is meaningful: it resets managedFields.
      if (name === 'managedFields') {
        continue;
      }

      if (!isWritten) {
        lost.push(name);
      } else {
        written.push([name, zero]);
      }
    }

    plan = { dropped, lost, written };
    plans.set(schema, plan);
  }

  return plan;
}

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.length === 0;
  }

  return isObject(value) && Object.keys(value).length === 0;
}

function visit(
  value: unknown,
  schema: Schema,
  change: (value: JsonObject, plan: Plan, schema: Schema) => void,
): void {
  if (Array.isArray(value)) {
    const items = schema['x-object'] ?? schema.items;
    if (items !== undefined && !isScalar(items)) {
      for (const item of value) {
        visit(item, items, change);
      }
    }

    return;
  }

  if (!isObject(value)) {
    return;
  }

  const { properties, additionalProperties } = schema['x-object'] ?? schema;
  if (properties === undefined) {
    if (typeof additionalProperties !== 'object' || isScalar(additionalProperties)) {
      return;
    }

    for (const item of Object.values(value)) {
      visit(item, additionalProperties, change);
    }

    return;
  }

  change(value, planOf(schema['x-object'] ?? schema), schema['x-object'] ?? schema);

  for (const name of Object.keys(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property && typeof value[name] === 'object') {
      visit(value[name], property, change);
    }
  }
}

/**
 * Removes, in place, zeros that Go cannot tell from a missing field: an empty string, list or map,
 * 0 or false in an optional field that is no pointer.
 */
export function dropZeros(value: unknown, schema: Schema): void {
  visit(value, schema, (object, { lost }) => {
    for (const name of lost) {
      if (isZero(object[name])) {
        delete object[name];
      }
    }
  });
}

/**
 * Whether a value is a zero that Kubernetes writes for a field without a value; of a pointer in its
 * Go types only null is.
 */
function isWrittenZero(value: unknown, zero: unknown, { 'x-pointer': isPointer }: Schema): boolean {
  if (value === null || value === undefined || isPointer === true) {
    return value === null;
  }

  // The zero of an IntOrString is the number alone.
  return value === zero || (zero !== 0 && isZero(value));
}

/**
 * Removes, in place, the zeros that `writeZeros` adds, so that rules and comparisons see what the
 * client set; also fields that are always dropped.
 */
export function dropWrittenZeros(value: unknown, schema: Schema): void {
  visit(value, schema, (object, { dropped, written }, { properties = {} }) => {
    for (const name of dropped) {
      delete object[name];
    }

    for (const [name, zero] of written) {
      if (isWrittenZero(object[name], zero, properties[name] ?? {})) {
        delete object[name];
      }
    }
  });
}

/** Whether an object has zeros that `dropWrittenZeros` removes. */
export function hasWrittenZeros(value: unknown, schema: Schema): boolean {
  let has = false;
  visit(value, schema, (object, { written }, { properties = {} }) => {
    has ||= written.some(([name, zero]) =>
      isWrittenZero(object[name], zero, properties[name] ?? {}),
    );
  });

  return has;
}

/**
 * Adds, in place, what Kubernetes writes for fields without a value: `rules: null` of a Role,
 * `serviceName: ""`.
 */
export function writeZeros(value: unknown, schema: Schema): void {
  visit(value, schema, (object, { written }) => {
    for (const [name, zero] of written) {
      if (zero === null && Array.isArray(object[name]) && isZero(object[name])) {
        object[name] = null;
      } else {
        object[name] ??= zero;
      }
    }
  });
}
