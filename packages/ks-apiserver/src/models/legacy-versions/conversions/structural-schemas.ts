import { equalJson } from '@ks-apiserver/apimachinery/schema/own';
import { type Fields, isAbsent, isFields, withField } from '../fields.ts';

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const INT_OR_STRING = 'x-kubernetes-int-or-string';
const ANYTHING: Readonly<Fields> = Object.freeze({ [PRESERVE]: true });
/** What a schema must not say within `allOf`, `anyOf`, `oneOf` and `not` (Kubernetes "Specifying a structural schema"). */
const OUTSIDE_ONLY = ['description', 'type', 'default', 'additionalProperties', 'nullable', PRESERVE, INT_OR_STRING];
const JUNCTORS = ['allOf', 'anyOf', 'oneOf', 'not'] as const;
const OF_OBJECTS = ['properties', 'additionalProperties', 'required', 'minProperties', 'maxProperties'];
const OF_ARRAYS = ['items', 'minItems', 'maxItems'];

/** The schema of a version that has none: of any object. */
export const ANY_OBJECT: Readonly<Fields> = Object.freeze({ type: 'object', [PRESERVE]: true });

/** Whether a schema keeps fields that it does not name. */
export function preservesUnknown(schema: unknown): boolean {
  return isFields(schema) && schema[PRESERVE] === true;
}

function isIntOrString({ anyOf }: Fields): boolean {
  const types = Array.isArray(anyOf) ? anyOf.map((each) => (isFields(each) ? each.type : undefined)) : [];
  return types.length === 2 && types.includes('integer') && types.includes('string');
}

/** What type of value a schema is of, by its own word or by what else it says. */
function typed(schema: Fields): Fields {
  if (!isAbsent(schema.type) && schema.type !== '') {
    return schema;
  }

  if (schema[INT_OR_STRING] === true || isIntOrString(schema)) {
    return { ...schema, [INT_OR_STRING]: true };
  }

  if (OF_OBJECTS.some((name) => !isAbsent(schema[name]))) {
    return { ...schema, type: 'object' };
  }

  return OF_ARRAYS.some((name) => !isAbsent(schema[name])) ? { ...schema, type: 'array' } : { ...schema, ...ANYTHING };
}

function withinJunctor(schema: unknown): unknown {
  if (!isFields(schema)) {
    return schema;
  }

  const kept = Object.entries(schema).filter(([name]) => !OUTSIDE_ONLY.includes(name));
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (name === 'properties' && isFields(value)) {
        return [name, Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withinJunctor(each)]))];
      }

      return [name, Array.isArray(value) && name !== 'required' && name !== 'enum' ? value.map(withinJunctor) : value];
    }),
  );
}

function isEmpty(junctor: unknown): boolean {
  return [junctor].flat().every((each) => isFields(each) && Object.keys(each).length === 0);
}

/** Fields that are named within `allOf` and the like have to be named outside too. */
function namedWithin(junctor: unknown): string[] {
  return [junctor].flat().flatMap((each) => {
    if (!isFields(each)) {
      return [];
    }

    const own = isFields(each.properties) ? Object.keys(each.properties) : [];
    return [...own, ...JUNCTORS.flatMap((name) => namedWithin(each[name]))];
  });
}

function withJunctors(schema: Fields): Fields {
  let result = schema;
  for (const name of JUNCTORS) {
    const junctor = schema[name];
    if (isAbsent(junctor) || (name === 'anyOf' && isIntOrString(schema))) {
      continue;
    }

    const inner = Array.isArray(junctor) ? junctor.map(withinJunctor) : withinJunctor(junctor);
    result = withField(result, name, isEmpty(inner) ? undefined : inner);
    const named = namedWithin(inner).map((field) => [field, ANYTHING]);
    if (named.length > 0) {
      const properties = isFields(result.properties) ? result.properties : {};
      result = { ...result, type: 'object', properties: { ...Object.fromEntries(named), ...properties } };
    }
  }

  return result;
}

function ofObject(schema: Fields): Fields {
  const { additionalProperties: more, ...rest } = schema;
  if (isFields(more) && isAbsent(rest.properties)) {
    return { ...rest, additionalProperties: structuralSchema(more) };
  }

  const properties = isFields(rest.properties)
    ? Object.fromEntries(Object.entries(rest.properties).map(([name, each]) => [name, structuralSchema(each)]))
    : undefined;
  return { ...rest, ...(properties && { properties }), ...ANYTHING };
}

/**
 * A schema of a kind whose unknown fields are kept as one that is structural: with a type everywhere, unknown fields kept at every
 * level, and nothing within `allOf` and the like that must stand outside. It lets pass all that the given one does.
 */
export function structuralSchema(schema: unknown): Fields {
  if (!isFields(schema)) {
    return ANYTHING;
  }

  const whole = typed(withJunctors(schema));
  if (whole.type === 'object') {
    return ofObject(whole);
  }

  if (whole.type === 'array') {
    return { ...whole, items: structuralSchema(whole.items) };
  }

  return whole;
}

/** The same for a whole object: of its metadata only the names can be described. */
export function structuralRoot(schema: unknown): Fields {
  const root = structuralSchema(isFields(schema) ? { ...schema, type: 'object' } : ANY_OBJECT);
  const { properties } = root;
  if (!isFields(properties) || !isFields(properties.metadata) || equalJson(properties.metadata, { type: 'object' })) {
    return root;
  }

  return { ...root, properties: { ...properties, metadata: { type: 'object' } } };
}
